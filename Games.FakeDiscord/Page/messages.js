// How a message looks.
import { element, inline, markdown } from './markdown.js';

const Ephemeral = 64;
const Loading = 128;
const LinkStyle = 5;

/** actions: click(message, component, values, node), remove(message), dismiss(message). */
export function renderMessage(message, context, actions) {
  const { names, userId } = context;
  const isEphemeral = (message.flags & Ephemeral) !== 0;
  const mentioned = message.mention_everyone || message.mentions.some((user) => user.id === userId);
  const name = message.author.global_name ?? message.author.username;
  return element('li', { class: [isEphemeral && 'ephemeral', mentioned && 'mentioned'].filter(Boolean).join(' '), 'data-id': message.id },
    element('div', { class: 'avatar', 'aria-hidden': 'true', style: `background: hsl(${hue(message.author.id)} 50% 40%)` }, [...name][0] ?? '?'),
    element('div', { class: 'body' },
      usedBy(message, names),
      element('div', { class: 'head' },
        element('span', { class: 'author' }, name),
        message.author.bot ? element('span', { class: 'badge' }, 'APP') : null,
        sentAt(message.timestamp)),
      content(message, names),
      ...message.embeds.map((embed) => renderEmbed(embed, names)),
      ...message.components.map((row) => renderRow(row, message, actions)),
      element('p', { class: 'failed', role: 'alert' }),
      isEphemeral
        ? element('p', { class: 'dim' }, 'Only you can see this. ', button('Dismiss', { click: () => actions.dismiss(message) }))
        : null),
    isEphemeral ? null : button('Delete', { class: 'delete', 'aria-label': 'Delete message', click: () => actions.remove(message) }));
}

function content(message, names) {
  const edited = message.edited_timestamp ? element('span', { class: 'dim' }, ' (edited)') : null;
  if ((message.flags & Loading) !== 0) return element('p', { class: 'content dim' }, 'The bot is thinking…');
  if (!message.content) return edited;
  return element('div', { class: 'content' }, ...markdown(message.content, names), edited);
}

function usedBy(message, names) {
  const used = message.interaction_metadata;
  if (used && message.type === 20) return element('p', { class: 'reply' }, `${names.users[used.user.id] ?? 'somebody'} used a command`);
  return message.message_reference ? element('p', { class: 'reply' }, 'a reply') : null;
}

function sentAt(timestamp) {
  const date = new Date(timestamp);
  const isToday = date.toDateString() === new Date().toDateString();
  const text = new Intl.DateTimeFormat(undefined, isToday ? { timeStyle: 'short' } : { dateStyle: 'short', timeStyle: 'short' }).format(date);
  return element('time', { datetime: date.toISOString(), title: date.toLocaleString() }, text);
}

function renderEmbed(embed, names) {
  const color = embed.color === undefined ? '' : `border-color: #${embed.color.toString(16).padStart(6, '0')}`;
  // Titles and names render no mentions and no timestamps.
  const text = inline(embed.title ?? '', null);
  const title = embed.title && element('h3', {}, ...(embed.url ? [link(embed.url, ...text)] : text));
  return element('article', { class: 'embed', style: color },
    embed.author?.name ? element('strong', {}, embed.author.name) : null,
    title || null,
    embed.description ? element('div', {}, ...markdown(embed.description, names)) : null,
    embed.fields ? element('dl', { class: 'fields' }, ...embed.fields.map((field) => element('div', { class: field.inline ? '' : 'block' },
      element('dt', {}, ...inline(field.name, null)), element('dd', {}, ...markdown(field.value, names))))) : null,
    embed.footer?.text || embed.timestamp
      ? element('footer', {}, [embed.footer?.text, embed.timestamp && new Date(embed.timestamp).toLocaleString()].filter(Boolean).join(' • '))
      : null);
}

function renderRow(row, message, actions) {
  return element('div', { class: 'row' }, ...row.components.map((component) => {
    const label = [component.emoji?.name, component.label].filter(Boolean).join(' ');
    if (component.type === 2 && component.style === LinkStyle) {
      return link(component.url, label, ' ↗');
    }
    const key = { 'data-key': component.custom_id, disabled: component.disabled === true };
    if (component.type === 2) {
      const click = (event) => actions.click(message, component, undefined, event.currentTarget);
      return button(label, { class: `style-${component.style}`, ...key, click });
    }
    const change = (event) => actions.click(message, component, [event.currentTarget.value], event.currentTarget);
    return element('select', { ...key, 'aria-label': component.placeholder ?? 'Choose', change },
      element('option', { value: '', disabled: true, selected: true }, component.placeholder ?? 'Choose'),
      ...(component.options ?? []).map((option) => element('option', { value: option.value }, option.label)));
  }));
}

const button = (label, attributes) => element('button', { type: 'button', ...attributes }, label);
const link = (url, ...children) => element('a', { href: url, target: '_blank', rel: 'noreferrer' }, ...children);
const hue = (id) => Number(BigInt(id) * 47n % 360n);
