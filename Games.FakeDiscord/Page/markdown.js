// Discord's markdown, near enough, as nodes: nothing that somebody wrote becomes HTML.

const rules = [
  { pattern: /^\\([^\p{L}\p{N}\s])/u, node: ([, text]) => text },
  { pattern: /^```(?:\w+\n)?([^]+?)```/, node: ([, text]) => element('pre', {}, text.replace(/^\n|\n$/g, '')) },
  { pattern: /^`([^`]+)`/, node: ([, text]) => element('code', {}, text) },
  { pattern: /^\*\*([^]+?)\*\*(?!\*)/, tag: 'strong' },
  { pattern: /^__([^]+?)__(?!_)/, tag: 'u' },
  { pattern: /^~~([^]+?)~~/, tag: 's' },
  { pattern: /^\*(?![\s*])([^*]+?)\*/, tag: 'em' },
  { pattern: /^_(?![\s_])([^_]+?)_(?![\p{L}\p{N}])/u, tag: 'em' },
  { pattern: /^\|\|([^]+?)\|\|/, node: ([, text], names) => element('span', { class: 'spoiler', tabindex: '0' }, ...inline(text, names)) },
  { pattern: /^<t:(-?\d{1,13})(?::([tTdDfFsSR]))?>/, node: ([, seconds, style], names) => (names ? timestamp(Number(seconds), style) : null) },
  { pattern: /^<@!?(\d+)>/, node: ([, id], names) => mention(names && `@${names.users[id] ?? 'unknown-user'}`) },
  { pattern: /^<#(\d+)>/, node: ([, id], names) => mention(names && `#${names.channels[id] ?? 'unknown'}`) },
  { pattern: /^<@&(\d+)>/, node: (_, names) => mention(names && '@role') },
  { pattern: /^@(?:everyone|here)/, node: ([text], names) => mention(names && text) },
  { pattern: /^\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/, node: ([, text, url], names) => link(url, ...inline(text, names)) },
  { pattern: /^<?(https?:\/\/[^\s<>]+)>?/, node: ([, url]) => link(url, url) },
];

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Lines, with quotes and headings; names: {users, channels} by id, or null where mentions and timestamps are not rendered. */
export function markdown(text, names) {
  const nodes = [];
  for (const [index, line] of splitLines(text).entries()) {
    const quote = /^> (.*)$/.exec(line);
    const heading = /^(#{1,3}) (.+)$/.exec(line);
    if (quote) {
      nodes.push(element('blockquote', {}, ...inline(quote[1], names)));
      continue;
    }
    if (index > 0 && nodes.at(-1)?.tagName !== 'BLOCKQUOTE') nodes.push('\n');
    if (heading) nodes.push(element('strong', {}, ...inline(heading[2], names)));
    else nodes.push(...inline(line, names));
  }
  return nodes;
}

export function inline(text, names) {
  const nodes = [];
  let plain = '';
  const flush = () => {
    if (plain) nodes.push(plain);
    plain = '';
  };
  while (text) {
    let taken = 0;
    for (const rule of rules) {
      const match = rule.pattern.exec(text);
      const node = match && (rule.tag ? element(rule.tag, {}, ...inline(match[1], names)) : rule.node(match, names));
      if (!node) continue;
      flush();
      nodes.push(node);
      taken = match[0].length;
      break;
    }
    if (!taken) {
      const [character] = text;
      plain += character;
      taken = character.length;
    }
    text = text.slice(taken);
  }
  flush();
  return nodes;
}

const formats = {
  t: { timeStyle: 'short' }, T: { timeStyle: 'medium' }, d: { dateStyle: 'short' }, D: { dateStyle: 'long' },
  f: { dateStyle: 'long', timeStyle: 'short' }, F: { dateStyle: 'full', timeStyle: 'short' },
  s: { dateStyle: 'short', timeStyle: 'short' }, S: { dateStyle: 'short', timeStyle: 'medium' },
};

/** In the zone and the language of whoever looks. */
export function timestamp(seconds, style = 'f') {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return null;
  const text = style === 'R' ? relative(date) : new Intl.DateTimeFormat(undefined, formats[style]).format(date);
  const title = new Intl.DateTimeFormat(undefined, formats.F).format(date);
  return element('time', { datetime: date.toISOString(), title, ...(style === 'R' ? { 'data-relative': '' } : {}) }, text);
}

export function relative(date) {
  const seconds = (date.getTime() - Date.now()) / 1000;
  const units = [['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];
  const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' }).format(Math.round(seconds / length), unit);
}

// A code block keeps its lines together.
const splitLines = (text) => text.split(/\n(?=(?:[^`]|`(?!``)|```[^]*?```)*$)/);
const mention = (text) => (text ? element('span', { class: 'mention' }, text) : null);
const link = (url, ...children) => element('a', { href: url, target: '_blank', rel: 'noreferrer' }, ...children);
