// One window for activation.py: how long from the extension's activation to the first row of the Tasks view drawn, and
// from an event in the log to its row drawn. Times are the machine's clock, the same for VS Code, the page and the host.
//   loaded   the file that says when the extension was read, see activation.py
//   task     the title of a task that is there     port    the same for each window, or VS Code forgets its views
//   prepare  the views are opened, for the next windows; nothing is measured
//   other    the number of another task     titles   what it is called one after another: each is waited for
import fs from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import readline from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { scenario } from '../e2e/editor/workbench.mjs';

/** Between two changes: a view that is told more often waits on purpose. */
const APART_MS = 500;

/** In the page: when a row with a text was first there. */
function watchRows() {
  window.drawn = {};
  const look = () => {
    for (const row of document.querySelectorAll('.pane .monaco-list-row')) {
      window.drawn[row.textContent] ??= Date.now();
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
}

/** The host, as a client of the plain face: `ask(method, params)` gives the result. */
async function attach(folder) {
  const { address, token } = JSON.parse(fs.readFileSync(path.join(folder, '.cairn/local/host.json'), 'utf8'));
  const socket = connect(address.replace(/^unix:/, ''));
  const lines = readline.createInterface({ input: socket })[Symbol.asyncIterator]();
  const say = async (message) => {
    socket.write(`${JSON.stringify(message)}\n`);
    return JSON.parse((await lines.next()).value);
  };
  await say({ cairn: 1, token, face: 'rpc', client: 'bench' });
  const ask = async (method, params) => (await say({ jsonrpc: '2.0', id: 1, method, params })).result;
  return { ask, end: () => socket.end() };
}

await scenario(async (window, { folder, loaded, task, other, titles, prepare }) => {
  if (prepare) {
    // A new window begins with the Explorer, whatever the one before showed: the view is moved there.
    await window.run('Cairn: Focus on Tasks View');
    await window.row('Tasks', task).waitFor();
    await window.key('F1');
    await window.quickInput.fill('>View: Move View');
    await window.page.locator('.quick-input-list .monaco-list-row', { hasText: /^View: Move View$/ }).click();
    await window.picks('Tasks');
    await window.picks('Explorer');
    await window.reload(); // VS Code saves it
    await window.row('Tasks', task).waitFor();
    return;
  }
  const drawn = async (text) => {
    await window.row('Tasks', text).waitFor();
    return await window.page.evaluate((wanted) => Object.entries(window.drawn).find(([row]) => row.includes(wanted))[1], text);
  };
  const first = (await drawn(task)) - Number(fs.readFileSync(loaded, 'utf8'));
  const host = await attach(folder);
  const panels = [];
  for (const title of titles) {
    const { tasks } = await host.ask('cairn/task/change', { action: 'change', id: other, title });
    panels.push((await drawn(title)) - tasks[0].changed);
    await pause(APART_MS);
  }
  host.end();
  console.log(JSON.stringify({ first, panels }));
}, watchRows);
