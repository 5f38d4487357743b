// The switches for what goes wrong: the ones that one wants to see, the rest is PUT /_fake/faults.
import { element } from './markdown.js';

const $ = (id) => document.getElementById(id);

const standing = {
  'REST is slow (3 s)': { kind: 'latency', milliseconds: 3000 },
  'REST fails (503)': { kind: 'error', status: 503 },
  '429 storm': { kind: 'rateLimit', path: '/messages', retryAfter: 2 },
  'Time-out after success': { kind: 'timeoutAfterSuccess', path: '/messages' },
  'No heartbeat ACK': { kind: 'noHeartbeatAck' },
  'Token refused (401)': { kind: 'unauthorized' },
};
const immediate = {
  'Drop gateway': { kind: 'dropGateway' },
  'Op 7': { kind: 'reconnect' },
  'Op 9, resumable': { kind: 'invalidSession', resumable: true },
  'Op 9': { kind: 'invalidSession', resumable: false },
};
const same = (fault, wanted) => Object.entries(wanted).every(([name, value]) => fault[name] === value);

export async function drawFaults(fake) {
  const { faults } = await fake('GET', 'faults');
  const put = (list) => fake('PUT', 'faults', { faults: list });
  $('standing').replaceChildren(...Object.entries(standing).map(([label, wanted]) => {
    const isOn = faults.some((fault) => same(fault, wanted));
    const others = faults.filter((fault) => !same(fault, wanted));
    return element('label', {}, element('input', { type: 'checkbox', checked: isOn, change: () => put(isOn ? others : [...others, wanted]) }), label);
  }));
  $('immediate').replaceChildren(...Object.entries(immediate).map(([label, wanted]) =>
    element('button', { type: 'button', click: () => put([...faults, wanted]) }, label)));
  $('reset').onclick = () => fake('DELETE', '');
}
