export default {
  base: "./",
  esbuild: { jsx: "automatic" },
  logLevel: "warn",
  // The development server must leave the package as it is: its worker and module are found by
  // their places.
  optimizeDeps: { exclude: ["bsmv"] },
};
