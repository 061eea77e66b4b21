# The hub, whichever role: `docker run … tributary up --role worker`.
FROM node:24-slim AS sources
WORKDIR /app
COPY package.json package-lock.json README.md ./
COPY bin ./bin
COPY config ./config
COPY connectors ./connectors
COPY core ./core
COPY dashboards ./dashboards
COPY docs ./docs
COPY workers ./workers

# Compiled once, with everything that this takes; containers start from it.
FROM sources AS program
RUN npm ci --omit=dev && node bin/tributary.js --help >/dev/null && node bin/program/console.js >/dev/null

FROM sources
# The database runs in a container of its own, so PostgreSQL's own programs stay out.
RUN npm ci --omit=dev --omit=optional && npm cache clean --force
COPY --from=program /app/node_modules/.cache ./node_modules/.cache
ENV NODE_ENV=production HOST=0.0.0.0 TRIBUTARY_DATA_DIR=/data
RUN mkdir /data && chown node /data
USER node
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["node", "bin/tributary.js"]
CMD ["up"]
