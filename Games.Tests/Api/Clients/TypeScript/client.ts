import process from "node:process";
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

// The key is of no use to an API without keys, and needed by one with them.
const [address, key] = process.argv.slice(2) as [string, string];
const api = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${key}` } });

const created = await api.POST("/games", {
  body: {
    guildId: "100000000000000001",
    channelId: "200000000000000001",
    hostId: "300000000000000001",
    title: "A game of a generated client 🎲",
    scheduledAt: "2131-01-01T20:00:00+01:00",
    maxPlayers: 7,
  },
});
if (!created.data) throw new Error(`${created.error.status} ${created.error.title}`);
const game = created.data;

const read = await api.GET("/games/{id}", { params: { path: { id: game.id } } });
if (!read.data) throw new Error(`${read.error.status} ${read.error.title}`);

const listed = await api.GET("/games", { params: { query: { status: ["scheduled"] } } });
const refused = await api.POST("/games", { body: { guildId: "", channelId: "", hostId: "", title: "", scheduledAt: "2131-01-01T20:00:00Z" } });

console.log(`refused ${refused.error?.status} ${refused.error?.errors?.map(error => error.name).sort().join(" ")}`);
console.log(`listed ${listed.data?.items.some(item => item.id === game.id)}`);
console.log(`read ${read.data.title} ${read.data.maxPlayers} ${read.data.status} ${read.data.scheduledAt} ${read.data.announcement === null}`);
