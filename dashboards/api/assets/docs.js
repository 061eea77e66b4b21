// @ts-check
// Shows the API's description. Swagger UI's bundle, loaded before, puts its constructor on the window.

/** @type {{ SwaggerUIBundle?: (options: object) => void }} */ (window).SwaggerUIBundle?.({
  url: "/api/v1/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
});
