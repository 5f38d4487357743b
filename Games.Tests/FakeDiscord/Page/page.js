// A person at the stand-in's page, in a real browser. Arguments: its address, and a directory of its own for the browser.
import { chromium } from 'playwright-core';

const [address, profile] = process.argv.slice(2);
const say = (step, what) => console.log(JSON.stringify({ step, ...what }));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
  timezoneId: 'America/New_York',
  locale: 'en-US',
  viewport: { width: 1000, height: 700 },
});
const page = context.pages()[0] ?? await context.newPage();
page.setDefaultTimeout(20_000);
const problems = [];
page.on('pageerror', (error) => problems.push(error.message));
page.on('console', (line) => { if (line.type() === 'error') problems.push(line.text()); });

await page.goto(address);
const game = page.locator('#messages > li', { hasText: 'Raid' }).first();
await game.waitFor();
say('embed', {
  author: await game.locator('.author').innerText(),
  title: await game.locator('.embed h3').innerText(),
  when: (await game.locator('.embed time').first().innerText()).replaceAll('\u202f', ' '),
  host: await game.locator('.embed .mention').innerText(),
});
say('buttons', {
  buttons: await game.locator('.row button, .row a').allInnerTexts(),
  off: await game.getByRole('button', { name: 'Leave' }).isDisabled(),
});

await page.getByLabel('You are').selectOption({ label: 'ben' });
await page.getByText('bot connected', { exact: true }).waitFor();
await game.getByRole('button', { name: 'Join' }).click();
const ephemeral = page.locator('li.ephemeral');
await ephemeral.getByText('You are in').waitFor();
await page.getByText('players 1/5').waitFor();
await page.getByLabel('You are').selectOption({ label: 'carla' });
await ephemeral.waitFor({ state: 'detached' });
await page.getByLabel('You are').selectOption({ label: 'ben' });
await ephemeral.getByRole('button', { name: 'Dismiss' }).click();
await ephemeral.waitFor({ state: 'detached' });
say('click', { seenBy: 'ben' });

await page.getByLabel('Message', { exact: true }).fill('**hi** <img src=x onerror=alert(1)> \\*not\\* ~~old~~');
await page.keyboard.press('Enter');
const written = page.locator('#messages > li', { hasText: 'img src' });
await written.waitFor();
say('message', { author: await written.locator('.author').innerText(), content: await written.locator('.content').innerHTML() });

await page.getByLabel('Message', { exact: true }).fill('/games n');
await page.getByRole('button', { name: '/games new' }).waitFor();
await page.keyboard.press('Enter');
await page.getByLabel('title: Its title').fill('Chess');
await page.keyboard.press('Enter');
const input = page.getByLabel('Name of the game');
await input.waitFor();
const value = await input.inputValue();
await input.fill('Chess 2');
await page.keyboard.press('Enter');
await page.getByText('Made Chess 2').waitFor();
say('command', { value, dialog: await page.locator('dialog').isVisible() });

await page.getByRole('button', { name: '@ bot' }).click();
await page.getByText('psst').waitFor();
say('dm', { title: await page.locator('#title').innerText() });
await page.getByRole('button', { name: '# games' }).click();
await game.waitFor();

await page.setViewportSize({ width: 340, height: 600 });
await page.locator('#messages').focus();
for (let i = 0; i < 50 && (await page.evaluate(() => document.activeElement.textContent)) !== 'Join'; i += 1) await page.keyboard.press('Tab');
await page.keyboard.press('Enter');
await page.getByText('players 2/5').waitFor();
say('narrow, by keyboard', {
  fits: await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
  composer: await page.getByLabel('Message', { exact: true }).isVisible(),
  focus: await page.evaluate(() => document.activeElement.textContent),
});

await page.locator('#faults summary').click();
await page.getByLabel('No heartbeat ACK').check();
await page.getByRole('button', { name: 'Drop gateway' }).click();
await page.getByText('no bot connected').waitFor();
say('faults', { faults: (await (await fetch(`${address}/_fake/faults`)).json()).faults.map((fault) => fault.kind), problems });
await context.close();
