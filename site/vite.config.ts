import { defineConfig } from "vite";

// Everything is addressed relative to its own module, so that a page on any host can load the widget.
export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    // light-dark() and relative colours are kept as written.
    cssTarget: ["chrome123", "firefox128", "safari18"],
    modulePreload: false,
    manifest: "build-manifest.json",
    rollupOptions: {
      input: {
        "coach-booking": "src/coach-booking.ts",
        index: "index.html",
        sessions: "sessions.html",
        manage: "manage.html",
        signin: "signin.html",
      },
      output: {
        entryFileNames: ({ name }) => (name === "coach-booking" ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
