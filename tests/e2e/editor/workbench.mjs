// A real VS Code: its server, an extension host and a workbench in headless Chromium, each test its own.
//
// A scenario is a program that calls `scenario` with what shall happen. It gets one argument, a JSON object:
//   rig      what setup.sh filled              folder   the workspace to open
//   workspace   a .code-workspace file to open instead
//   empty    true for a window without a folder
//   scratch  a new folder for this run         server   the setting cairn.server.command
//   settings more of the user's settings (none if not given)
//   extensions  the folder in rig with the extension to take ("extensions" if not given)
//   environment more variables of VS Code's (none if not given)
//   untrusted  true for a window on a folder that is not trusted, and whose dialog was answered so
//   port     where VS Code answers, when it is not to be any
//   patience milliseconds that the window may take for one thing (60,000 if not given)
// It ends with 0, or with 1 and the reason; then `scratch` has the logs and failure.png, the screen.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Window } from './window.mjs';

const DEADLINE_MS = 60_000;

const USER_SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'security.workspace.trust.startupPrompt': 'never',
  'git.openRepositoryInParentFolders': 'never',
  'chat.commandCenter.enabled': false,
  'chat.disableAIFeatures': true,
  'files.autoSave': 'off', // a browser's workbench saves by itself
};

/** Opens `folder` in a workbench and runs `story(window, given)`; `before` runs in each page before VS Code does. */
export async function scenario(story, before = () => undefined) {
  const given = JSON.parse(process.argv[2]);
  const began = Date.now();
  let vscode;
  let browser;
  try {
    vscode = await startVSCode(given);
    browser = await startBrowser(given);
    browser.setDefaultTimeout(DEADLINE_MS);
    await browser.addInitScript(before);
    browser.on('console', (message) => fs.appendFileSync(path.join(given.scratch, 'browser.log'), `${message.text()}\n`));
    const opened = new URLSearchParams(given.empty ? { ew: 'true' } : given.workspace ? { workspace: given.workspace } : { folder: given.folder });
    const window = new Window(browser, `${vscode.url}/?${opened}`, given.scratch);
    await window.open();
    browser.setDefaultTimeout(Number(given.patience ?? DEADLINE_MS));
    await story(window, given);
  } catch (error) {
    process.exitCode = 1;
    console.error(error.stack);
    console.error(`see failure.png, vscode.log and browser.log in ${given.scratch}`);
    await browser?.pages().at(-1)?.screenshot({ path: path.join(given.scratch, 'failure.png') });
  } finally {
    await browser?.close();
    await vscode?.stop();
  }
  console.log(`${process.exitCode ? 'failed' : 'passed'} in ${Date.now() - began} ms`);
}

/** Waits for something outside the window. */
export async function until(what, condition) {
  for (const end = Date.now() + DEADLINE_MS; !(await condition()); await pause(50)) {
    if (Date.now() > end) {
      throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    }
  }
}

/** The VS Code server inside the code-server package: the same workbench, fewer parts. */
async function startVSCode({ rig, scratch, server, settings, extensions, environment, untrusted, port = undefined }) {
  writeSettings(scratch, 'User', { ...USER_SETTINGS, ...settings });
  // A setting of machine scope counts only from here; from the user's settings it does so or not by chance.
  writeSettings(scratch, 'Machine', { 'cairn.server.command': server });
  port ??= await freePort();
  const log = fs.openSync(path.join(scratch, 'vscode.log'), 'w');
  const main = path.join(rig, 'code-server/node_modules/code-server/lib/vscode/out/server-main.js');
  const options = {
    '--host': '127.0.0.1',
    '--port': port,
    '--server-data-dir': path.join(scratch, 'server-data'),
    '--user-data-dir': path.join(scratch, 'user-data'),
    '--extensions-dir': path.join(rig, extensions ?? 'extensions'),
    '--telemetry-level': 'off',
  };
  const flags = ['--without-connection-token', '--accept-server-license-terms', ...(untrusted ? [] : ['--disable-workspace-trust'])];
  // A process group of its own: what VS Code has started ends with it.
  const process_ = spawn(path.join(rig, 'node/bin/node'), [main, ...Object.entries(options).flat().map(String), ...flags], {
    stdio: ['ignore', log, log],
    env: { ...process.env, VSCODE_CLI: '1', ...environment }, // PATH is this one, not that of a login shell
    detached: true,
  });
  const ended = once(process_, 'exit');
  const end = (signal) => {
    try {
      process.kill(-process_.pid, signal);
    } catch {
      // The group is gone.
    }
  };
  process.once('exit', () => end('SIGKILL'));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => process.exit(130));
  }
  const url = `http://127.0.0.1:${port}`;
  await until('VS Code answers', async () => {
    if (process_.exitCode !== null) {
      throw new Error(`VS Code ended with ${process_.exitCode}`);
    }
    return await answers(`${url}/version`);
  });
  const stop = async () => {
    end('SIGTERM');
    await Promise.race([ended, pause(5_000, undefined, { ref: false })]);
    end('SIGKILL');
  };
  return { url, stop };
}

async function startBrowser({ rig, scratch }) {
  const { chromium } = createRequire(path.join(rig, 'playwright/package.json'))('playwright-core');
  return await chromium.launchPersistentContext(path.join(scratch, 'profile'), {
    executablePath: process.env.CHROMIUM ?? findChromium(),
    viewport: { width: 1280, height: 800 },
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

function findChromium() {
  const folders = process.env.PATH.split(path.delimiter);
  const files = ['chromium', 'google-chrome', 'chromium-browser'].flatMap((name) => folders.map((folder) => path.join(folder, name)));
  const found = files.find((file) => fs.existsSync(file));
  if (!found) {
    throw new Error('no Chromium on PATH: install it, or name it in CHROMIUM');
  }
  return found;
}

function writeSettings(scratch, kind, settings) {
  const folder = path.join(scratch, 'user-data', kind);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify(settings));
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
