// The page: what is there, who you are, what you do.
import { element, relative } from './markdown.js';
import { renderMessage } from './messages.js';
import { ask, fieldsOfModal, fieldsOfOptions } from './dialogs.js';
import { drawFaults } from './faults.js';

const $ = (id) => document.getElementById(id);
const Dm = 'dm';

let state = null;
let userId = localStorage.getItem('userId');
let place = location.hash.slice(1);
let drawnPlace = '';
const drawn = new Map();
const unread = new Set();
const dismissed = new Set();

async function fake(method, path, body) {
  const headers = body ? { 'content-type': 'application/json' } : {};
  const answer = await fetch(`_fake/${path}`, { method, body: body && JSON.stringify(body), headers });
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? `${answer.status}`);
}

const guildOf = (channelId) => state.guilds.find((guild) => guild.channels.some((channel) => channel.id === channelId));
const dmId = () => state.dms.find((dm) => dm.userId === userId)?.id;

function names() {
  const users = Object.fromEntries(state.users.map((user) => [user.id, user.global_name ?? user.username]));
  const channels = Object.fromEntries(state.guilds.flatMap((guild) => guild.channels.map((channel) => [channel.id, channel.name])));
  return { users, channels };
}

function drawState() {
  const people = state.users.filter((user) => !user.bot);
  if (!people.some((user) => user.id === userId)) userId = people[0]?.id;
  if (place !== Dm && !guildOf(place)) place = state.guilds[0]?.channels[0]?.id ?? Dm;
  $('user').replaceChildren(...people.map((user) => element('option', { value: user.id, selected: user.id === userId }, user.username)));
  $('bot').textContent = state.connected ? 'bot connected' : 'no bot connected';

  const focused = document.activeElement?.dataset?.place;
  $('channels').replaceChildren(
    ...state.guilds.map((guild) => element('section', {}, element('h2', {}, guild.name),
      ...guild.channels.map((channel) => channelButton(channel.id, `# ${channel.name}`)))),
    element('section', {}, element('h2', {}, 'Direct messages'), channelButton(Dm, '@ bot')));
  if (focused) document.querySelector(`[data-place="${focused}"]`)?.focus();
  $('title').textContent = place === Dm ? '@ bot' : `# ${names().channels[place]}`;
  $('text').placeholder = place === Dm ? 'Message the bot, or / for commands' : 'Message, or / for commands';
}

function channelButton(id, label) {
  const isUnread = unread.has(id === Dm ? dmId() : id);
  return element('button', {
    type: 'button', class: isUnread ? 'channel unread' : 'channel', 'data-place': id, 'aria-current': id === place ? 'page' : null,
    click: () => go(id),
  }, label);
}

function go(id) {
  place = id;
  unread.delete(id === Dm ? dmId() : id);
  history.replaceState(null, '', `#${id}`);
  drawState();
  refresh();
}

async function drawMessages() {
  const at = `${place} ${userId}`;
  const messages = await fake('GET', place === Dm ? `dms/${userId}` : `channels/${place}/messages?userId=${userId}`);
  if (at !== `${place} ${userId}`) return;

  const list = $('messages');
  const isAtEnd = at !== drawnPlace || list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  if (at !== drawnPlace) {
    drawn.clear();
    list.replaceChildren();
    drawnPlace = at;
  }
  const shown = messages.filter((message) => !dismissed.has(message.id)).slice(-200);
  for (const [id, { node }] of drawn) {
    if (shown.some((message) => message.id === id)) continue;
    node.remove();
    drawn.delete(id);
  }
  const context = { names: names(), userId };
  for (const message of shown) {
    const text = JSON.stringify(message);
    const known = drawn.get(message.id);
    if (known?.text === text) continue;
    const node = renderMessage(message, context, { click, remove, dismiss });
    if (known) {
      // A button that was changed under the finger keeps its focus.
      const key = known.node.contains(document.activeElement) && document.activeElement.dataset.key;
      known.node.replaceWith(node);
      if (key) [...node.querySelectorAll('[data-key]')].find((x) => x.dataset.key === key)?.focus();
    } else {
      list.append(node);
    }
    drawn.set(message.id, { text, node });
  }
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

let refreshing = null;
let again = false;

/** Reads and draws what is open; changes that come meanwhile are one more round. */
async function refresh() {
  again = true;
  refreshing ??= (async () => {
    try {
      while (again) {
        again = false;
        await drawMessages();
      }
    } catch (problem) {
      $('problem').textContent = problem.message;
    } finally {
      refreshing = null;
    }
  })();
  await refreshing;
}

async function reload() {
  state = await fake('GET', 'state');
  drawState();
  drawFaults(fake);
  await refresh();
}

/** What became of a click, a command or a modal. */
function show(seen, failed) {
  if (seen.outcome === 'modal') {
    ask(seen.modal.title, fieldsOfModal(seen.modal), async (values, close) => {
      const submitted = fake('POST', 'modals', { interactionId: seen.interactionId, values });
      const then = await submitted;
      close();
      show(then, failed);
    });
  }
  failed(seen.outcome === 'failed' ? seen.text : '');
}

async function click(message, component, values, node) {
  const failed = (text) => {
    const line = drawn.get(message.id)?.node.querySelector('.failed');
    if (line) line.textContent = text;
  };
  failed('');
  node.setAttribute('aria-busy', 'true');
  try {
    show(await fake('POST', 'clicks', { messageId: message.id, customId: component.custom_id, userId, values }), failed);
  } catch (problem) {
    failed(problem.message);
  } finally {
    node.removeAttribute('aria-busy');
  }
}

const remove = (message) => fake('DELETE', `messages/${message.id}`);

function dismiss(message) {
  dismissed.add(message.id);
  refresh();
}

/** Each command, or each of its subcommands, as one can be typed: "/games new". */
function commands() {
  const guild = place === Dm ? state.guilds[0] : guildOf(place);
  const flat = (node, words) => {
    const subs = (node.options ?? []).filter((option) => option.type <= 2);
    if (subs.length) return subs.flatMap((sub) => flat(sub, [...words, sub.name]));
    return [{ words, description: node.description, options: node.options ?? [] }];
  };
  return (guild?.commands ?? []).filter((command) => command.type === 1).flatMap((command) => flat(command, [command.name]));
}

const matching = (text) => (text.startsWith('/') ? commands().filter((x) => `/${x.words.join(' ')}`.startsWith(text.trimEnd())) : []);

function drawSuggestions() {
  $('suggestions').replaceChildren(...matching($('text').value).map((command) => element('li', {},
    element('button', { type: 'button', click: () => choose(command) },
      element('strong', {}, `/${command.words.join(' ')} `), element('span', { class: 'dim' }, command.description)))));
}

async function choose(command) {
  const guild = place === Dm ? null : guildOf(place);
  const at = { guildId: guild?.id, channelId: place === Dm ? undefined : place, userId };
  const run = async (options) => show(
    await fake('POST', 'commands', { ...at, name: command.words.join(' '), options }),
    (text) => { $('problem').textContent = text; });
  $('text').value = '';
  drawSuggestions();
  $('problem').textContent = '';
  if (command.options.length === 0) return run({}).catch((problem) => { $('problem').textContent = problem.message; });
  const people = state.users.filter((user) => !user.bot).map((user) => ({ value: user.id, label: user.username }));
  const channels = (guild?.channels ?? []).map((channel) => ({ value: channel.id, label: channel.name }));
  return ask(`/${command.words.join(' ')}`, fieldsOfOptions(command.options, people, channels), async (values, close) => {
    const answered = run(values);
    // A modal that opens takes the dialog over; anything else closes it.
    answered.then(() => { if ($('dialog-title').textContent.startsWith('/')) close(); }).catch(() => {});
    await answered;
  });
}

async function send() {
  const text = $('text').value.trim();
  if (!text) return;
  const [command] = matching(text);
  if (command) {
    await choose(command);
    return;
  }
  try {
    await fake('POST', 'messages', { channelId: place === Dm ? undefined : place, userId, content: text });
    $('text').value = '';
    $('problem').textContent = '';
  } catch (problem) {
    $('problem').textContent = problem.message;
  }
}

$('user').addEventListener('change', (event) => {
  userId = event.target.value;
  localStorage.setItem('userId', userId);
  drawState();
  refresh();
});
$('text').addEventListener('input', drawSuggestions);
$('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  } else if (event.key === 'Escape') {
    $('text').value = '';
    drawSuggestions();
  }
});
$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});
setInterval(() => {
  for (const time of document.querySelectorAll('time[data-relative]')) time.textContent = relative(new Date(time.dateTime));
}, 10_000);

const feed = new EventSource('_fake/feed');
feed.onmessage = ({ data: channelId }) => {
  if (!state) return;
  const isOpen = channelId === (place === Dm ? dmId() : place);
  if (channelId === '*' || !(channelId in names().channels || state.dms.some((dm) => dm.id === channelId))) reload();
  else if (isOpen) refresh();
  else {
    unread.add(channelId);
    drawState();
  }
};
feed.onerror = () => { $('bot').textContent = 'not reached'; };
await reload();
