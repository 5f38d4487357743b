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

let last = Promise.resolve();

/** Drawn once, so that nothing takes the focus away; later only the switches are set. */
export async function drawFaults(fake) {
  const { faults } = await fake('GET', 'faults');
  if (!$('standing').hasChildNodes()) draw(fake);
  for (const [label, wanted] of Object.entries(standing)) {
    $('standing').querySelector(`[data-fault="${label}"]`).checked = faults.some((fault) => same(fault, wanted));
  }
}

function draw(fake) {
  // One after the other, each on what the one before has left.
  const change = (edit) => {
    last = last.then(async () => fake('PUT', 'faults', { faults: edit((await fake('GET', 'faults')).faults) })).catch(() => {});
  };
  $('standing').replaceChildren(...Object.entries(standing).map(([label, wanted]) => {
    const toggle = ({ currentTarget: { checked } }) => change((all) => {
      const others = all.filter((fault) => !same(fault, wanted));
      return checked ? [...others, wanted] : others;
    });
    return element('label', {}, element('input', { type: 'checkbox', 'data-fault': label, change: toggle }), label);
  }));
  $('immediate').replaceChildren(...Object.entries(immediate).map(([label, wanted]) =>
    element('button', { type: 'button', click: () => change((all) => [...all, wanted]) }, label)));
  $('reset').onclick = () => fake('DELETE', '');
}
