// Serves npm's oidc-provider with one client that may have client credentials; prints its port when it is ready.
// Run as: node oidc_provider.mjs DIRECTORY, where the directory holds node_modules.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(`${process.argv[2]}/`));
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));
const client = {
  client_id: "key",
  client_secret: "secret",
  grant_types: ["client_credentials"],
  response_types: [],
  redirect_uris: [],
};
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [client],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  });
  server.on("request", provider.callback());
  console.log(port);
});
