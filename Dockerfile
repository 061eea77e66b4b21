# The hub, whichever role: `docker run … tributary up --role worker`.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The database runs in a container of its own, so PostgreSQL's own programs stay out.
RUN npm ci --omit=dev --omit=optional

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 TRIBUTARY_DATA_DIR=/data
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY bin ./bin
COPY config ./config
COPY connectors ./connectors
COPY core ./core
COPY dashboards ./dashboards
COPY workers ./workers
RUN mkdir /data && chown node /data
USER node
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["node", "bin/tributary.js"]
CMD ["up"]
