import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env["WALLETSCOPE_URL"] ?? "http://127.0.0.1:7300";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", sourcemap: false },
  server: { proxy: { "/api": server, "/sign-in": server, "/sign-out": server } },
  test: { include: ["src/**/*.test.ts?(x)"] },
});
