// A bot on discord.js as it comes from npm, against the stand-in at the address that is its argument.
// One line of JSON for each thing that it has seen.
import {
  ActionRowBuilder, ButtonBuilder, ButtonStyle, Client, EmbedBuilder, Events, GatewayIntentBits, MessageFlags, ModalBuilder, Partials,
  PermissionFlagsBits, RESTEvents, SlashCommandBuilder, TextInputBuilder, TextInputStyle,
} from 'discord.js';

const address = process.argv[2];
const guildId = '100000000000000001';
const channelId = '200000000000000001';
const ben = '300000000000000002';

const say = (step, what) => console.log(JSON.stringify({ step, ...what }));
const fake = async (method, path, body) => {
  const answer = await fetch(`${address}/_fake/${path}`, {
    method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' },
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : await answer.json();
};
const write = (content) => fake('POST', 'messages', { channelId, userId: ben, content });

const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent, GatewayIntentBits.DirectMessages],
  partials: [Partials.Channel],
  rest: { api: `${address}/api` },
});
const received = [];
client.on(Events.MessageCreate, (message) => { if (!message.author.bot) received.push(message.content); });
const next = (event, emitter = client) => new Promise((resolve) => emitter.once(event, (...all) => resolve(all.length > 1 ? all : all[0])));
const nextMessage = (content) => new Promise((resolve) => {
  const listener = (message) => {
    if (message.content !== content) return;
    client.off(Events.MessageCreate, listener);
    resolve(message);
  };
  client.on(Events.MessageCreate, listener);
});
setTimeout(() => { console.error('too slow'); process.exit(1); }, 100_000).unref();

const ready = next(Events.ClientReady);
await client.login('a.test.token');
await ready;
const guild = client.guilds.cache.get(guildId);
say('login', {
  bot: client.user.id, guilds: client.guilds.cache.map((x) => x.name), channels: guild.channels.cache.map((x) => x.name),
  sends: guild.members.me.permissionsIn(channelId).has(PermissionFlagsBits.SendMessages),
  manages: guild.members.me.permissionsIn(channelId).has(PermissionFlagsBits.ManageEvents),
});

const arriving = nextMessage('hello');
await write('hello');
const hello = await arriving;
say('message', { content: hello.content, author: hello.author.username, member: hello.member.id, guild: hello.guild.name });

const channel = await client.channels.fetch(channelId);
const posted = await channel.send({
  embeds: [new EmbedBuilder().setTitle('Raid').setDescription('<t:1924974000:F>')
    .addFields({ name: 'Players', value: '0/5' }).setFooter({ text: 'id 1' })],
  components: [new ActionRowBuilder().addComponents(
    new ButtonBuilder().setCustomId('join:1').setLabel('Join').setStyle(ButtonStyle.Success),
    new ButtonBuilder().setURL('https://example.org/1.ics').setLabel('Calendar').setStyle(ButtonStyle.Link))],
  allowedMentions: { parse: [] },
});
say('post', { title: posted.embeds[0].title, buttons: posted.components[0].components.map((x) => x.label) });

client.once(Events.InteractionCreate, async (interaction) => {
  await interaction.reply({ content: `You are in, ${interaction.member.user.username}`, flags: MessageFlags.Ephemeral });
  await interaction.followUp({ content: 'Bring snacks', flags: MessageFlags.Ephemeral });
});
const click = await fake('POST', 'clicks', { messageId: posted.id, label: 'Join', userId: ben });
say('click', { outcome: click.outcome, text: click.text });

const edited = await posted.edit({ content: 'full', components: [] });
say('edit', { content: edited.content, rows: edited.components.length, edited: edited.editedAt !== null, embeds: edited.embeds.length });

await client.application.commands.set([
  new SlashCommandBuilder().setName('games').setDescription('Game nights')
    .addSubcommand((x) => x.setName('new').setDescription('A new one')
      .addStringOption((y) => y.setName('title').setDescription('Its title').setRequired(true))),
], guildId);
client.once(Events.InteractionCreate, async (interaction) => {
  const title = interaction.options.getString('title');
  await interaction.showModal(new ModalBuilder().setCustomId('new').setTitle('A game').addComponents(new ActionRowBuilder().addComponents(
    new TextInputBuilder().setCustomId('title').setLabel('Title').setStyle(TextInputStyle.Short).setValue(title))));
});
const command = await fake('POST', 'commands', { guildId, channelId, userId: ben, name: 'games new', options: { title: 'Raid' } });
client.once(Events.InteractionCreate, async (interaction) => {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  await interaction.editReply(`Made ${interaction.fields.getTextInputValue('title')}`);
});
const submitted = await fake('POST', 'modals', { interactionId: command.interactionId, values: { title: 'Raid 2' } });
const [{ components: [{ value }] }] = command.modal.components;
say('command', { outcome: command.outcome, modal: command.modal.title, value, then: submitted.text });

let waits = 0;
client.rest.on(RESTEvents.RateLimited, () => { waits += 1; });
const before = Date.now();
await Promise.all(Array.from({ length: 7 }, (_, i) => channel.send(`message ${i}`)));
const statistics = await fake('GET', 'statistics');
say('rate limit', { waited: waits > 0, seconds: Math.floor((Date.now() - before) / 1000) >= 3, early: statistics.early.length });

await client.users.send(ben, 'psst');
const dms = await fake('GET', `dms/${ben}`);
say('dm', { content: dms.map((x) => x.content) });

let resumed = next(Events.ShardResume);
await fake('PUT', 'faults', { faults: [{ kind: 'dropGateway' }] });
await write('during the drop');
await resumed;
resumed = next(Events.ShardResume);
await fake('PUT', 'faults', { faults: [{ kind: 'reconnect' }] });
await write('during op 7');
await resumed;
await write('after');
while (!received.includes('after')) await new Promise((resolve) => setTimeout(resolve, 20));
const { gateway } = await fake('GET', 'statistics');
say('resume', { received, identifies: gateway.identifies, resumes: gateway.resumes, elsewhere: gateway.resumesElsewhere ?? 0 });

await fake('PUT', 'faults', { faults: [{ kind: 'unauthorized' }] });
const refused = await channel.send('refused').catch((error) => error);
say('refused', { status: refused.status, invalid: (await fake('GET', 'statistics')).invalid });
await client.destroy();
