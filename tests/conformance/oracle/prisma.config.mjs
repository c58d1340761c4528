// Lets the real Prisma CLI run on the schema engine that its npm package holds as WASM, over the pg driver:
// the native engine is a download that a closed network cannot make.
import { PrismaPg } from "@prisma/adapter-pg";
import { defineConfig } from "prisma/config";

// The adapter does not know the types "char", name, int2vector and the lists of the first two; as text they are read right.
const KNOWN_AS = { 18: 25, 19: 25, 22: 1005, 1002: 1009, 1003: 1009 };

// The engine's 10 s timer for the advisory lock is never cleared and would keep each command alive that long.
// While a command waits for the lock its socket keeps it alive, so the timer still fires.
const setTimer = globalThis.setTimeout;
globalThis.setTimeout = (callback, milliseconds, ...rest) => {
  const timer = setTimer(callback, milliseconds, ...rest);
  if (milliseconds === 10_000) timer.unref();
  return timer;
};

function mend(adapter) {
  const query = adapter.client.query.bind(adapter.client);
  adapter.client.query = async (...args) => {
    const result = await query(...args);
    for (const one of [result].flat()) {
      for (const field of one.fields ?? []) field.dataTypeID = KNOWN_AS[field.dataTypeID] ?? field.dataTypeID;
    }
    return result;
  };
  // The adapter cuts a script at every semicolon, also inside strings; the native engine sends it whole, as one simple query.
  adapter.executeScript = async (script) => {
    try {
      await query(script);
    } catch (error) {
      adapter.onError(error);
    }
  };
  return adapter;
}

// The adapter ignores the URL's schema parameter; the native engine puts it on the search path of its session.
function connection() {
  const connectionString = process.env.DATABASE_URL;
  const schema = URL.canParse(connectionString) ? new URL(connectionString).searchParams.get("schema") : null;
  const pool = { connectionString, idleTimeoutMillis: 1 };
  if (schema === null) return [pool];
  return [{ ...pool, options: `-c search_path="${schema}"` }, { schema }];
}

class Factory extends PrismaPg {
  async connect() {
    return mend(await super.connect());
  }

  async connectToShadowDb() {
    return mend(await super.connectToShadowDb());
  }
}

export default defineConfig({
  experimental: { adapter: true },
  engine: "js",
  schema: process.env.ORACLE_SCHEMA,
  migrations: { path: process.env.ORACLE_MIGRATIONS, seed: process.env.ORACLE_SEED },
  adapter: async () => new Factory(...connection()),
});
