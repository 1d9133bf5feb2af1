import * as vscode from 'vscode';
import { ANSWERS } from './approvals';
import * as checkpoints from './checkpoints';
import { showChanges } from './changes';
import { askContract } from './contract';
import type { Compose } from './compose';
import { tryDemo } from './demo';
import type { Folder, Folders, Place } from './folders';
import * as memory from './memory';
import type { StartRun, ViewRow } from './protocol';
import { showDrift } from './resumeOffer';
import type { RunDocuments } from './runDocument';
import { versionOf } from './processes';
import { ServerError, type Servers } from './server';
import { showPage } from './pages';
import { Node, type Command } from './tree';
import type { Views } from './views';

/** What the commands work on. */
export interface Parts {
  readonly servers: Servers;
  readonly storage: vscode.Uri;
  readonly folders: Folders;
  readonly documents: RunDocuments;
  readonly compose: Compose;
  readonly views: Views;
}

/** Every command but `cairn.showLog`. */
export function commands({ servers, storage, folders, documents, compose, views }: Parts): Readonly<Record<string, Command>> {
  const { tasks, runs, approvals } = views;
  const answers = Object.entries(ANSWERS).map(([command, name]) => [
    command,
    approvals.command(/approval/, 'Answer which approval?', (folder, { ref }) => folder.approvals.answer(ref, name)),
  ]);
  return {
    'cairn.runTask': () => runTask(folders, documents),
    'cairn.runUnattended': () => runUnattended(folders, documents),
    'cairn.stop': runs.command(/active/, 'Stop which run?', stop),
    'cairn.resume': runs.command(/resumable/, 'Resume which run?', (folder, { session }) => resume(documents, folder, session)),
    'cairn.openRun': async (of) => {
      const open = (kinds: RegExp): Command => runs.command(kinds, 'Open which run?', (folder, { session }) => documents.open(folder, session));
      await open(folders.all.some(({ standing }) => standing?.active) ? /active/ : /newest/)(of);
    },
    'cairn.showRunDiff': runs.command(/run/, 'Show the changes of which run?', (folder, { session }) => showChanges(folder, session, '')),
    'cairn.forkRun': runs.command(/run/, 'Go on from the end of which run?', (folder, row) => checkpoints.fork(folder, documents, row, '')),
    'cairn.showDrift': runs.command(/resumable/, 'What changed since which session?', (folder, row) => showDrift(new Node(folder, row))),
    'cairn.showTrail': runs.command(/run/, 'The trail of which session?', async ({ connection }, { session }) => {
      const { page } = await connection.request('cairn/session/trail', { session, write: true });
      await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.file(page));
    }),
    'cairn.composeTask': () => compose.open(),
    'cairn.send': (session) => compose.send(typeof session === 'string' ? session : null),
    'cairn.setApiKey': async () => (await folders.choose('Cairn: Set API Key'))?.folder.choices.setKey(),
    'cairn.clearApiKey': async () => (await folders.choose('Cairn: Clear API Key'))?.folder.choices.clearKey(),
    'cairn.startTask': tasks.command(/left/, 'Continue which task?', async (folder, { ref }) => {
      const session = await folder.connection.execute('cairn.task.run', [ref]);
      await documents.open(folder, String(session));
    }),
    'cairn.pauseTask': tasks.command(/working/, 'Pause which task?', ({ connection }, { ref }) => connection.execute('cairn.task.pause', [ref])),
    'cairn.blockTask': tasks.command(/left/, 'Block which task?', blockTask),
    'cairn.reopenTask': tasks.command(/closed/, 'Reopen which task?', ({ connection }, { ref }) =>
      connection.request('cairn/task/change', { action: 'reopen', id: ref }),
    ),
    'cairn.showTaskDiff': tasks.command(/changed/, 'Show the changes of which task?', (folder, { ref, session }) => showChanges(folder, session, ref)),
    'cairn.openTaskProgress': tasks.command(/task/, 'Open which task?', (folder, { ref }) => memory.open(folder, ref)),
    'cairn.answerApproval': approvals.command(/approval/, 'Answer which approval?', (folder, { ref }) => folder.approvals.choose(ref)),
    'cairn.showApproval': approvals.command(/approval/, 'Show which approval?', (folder, { ref }) => showPage('approval', 'Approval', folder, ref)),
    ...(Object.fromEntries(answers) as Record<string, Command>),
    ...checkpoints.commands(views, documents),
    ...memory.commands(folders, views),
    'cairn.tryDemo': () => tryDemo(servers, storage, folders, documents),
    'cairn.checkServer': async () => {
      const { command, origin } = await servers.find(folders.all[0]?.connection.folder.uri);
      const what = `"${command.join(' ')}", from ${origin}`;
      const version = await versionOf(command);
      if (!version) {
        throw new ServerError(`No Cairn server answers: ${what}.`);
      }
      void vscode.window.showInformationMessage(`The server answers: ${version}, ${what}.`);
    },
    'cairn.restartServer': async () => void (await Promise.all(folders.all.map(({ connection }) => connection.restart()))),
  };
}

async function runTask(folders: Folders, documents: RunDocuments): Promise<void> {
  const place = await folders.choose('Cairn: Run Task');
  const prompt = place && (await vscode.window.showInputBox({
    title: 'Cairn: Run Task',
    prompt: 'What shall Cairn do in this workspace?',
    placeHolder: 'Fix the failing tests in …',
    ignoreFocusOut: true,
  }));
  if (place && prompt?.trim()) {
    const { session } = await place.folder.connection.request('cairn/run/start', await chosen(place, { prompt }));
    await documents.open(place.folder, session);
  }
}

async function runUnattended(folders: Folders, documents: RunDocuments): Promise<void> {
  const place = await folders.choose('Cairn: Run Unattended');
  const agreed = place && (await askContract(place.folder));
  if (place && agreed) {
    const { prompt, contract } = agreed;
    const { session } = await place.folder.connection.request('cairn/run/start', await chosen(place, { prompt, settings: { contract } }));
    await documents.open(place.folder, session);
  }
}

/** A run with what this editor chooses for it. */
async function chosen({ folder, root }: Place, run: StartRun): Promise<StartRun> {
  return { root, mode: folder.choices.mode, ...run, settings: { ...(await folder.choices.settings()), ...run.settings } };
}

async function resume(documents: RunDocuments, folder: Folder, session: string): Promise<void> {
  await folder.connection.request('cairn/run/resume', { session, settings: await folder.choices.settings() });
  await documents.open(folder, session);
}

async function stop({ connection }: Folder, { session }: ViewRow): Promise<void> {
  const { interrupted } = await connection.request('cairn/run/interrupt', { session });
  if (!interrupted) {
    void vscode.window.showInformationMessage('Cairn: the run had come to rest already.');
  }
}

async function blockTask({ connection }: Folder, { ref, label }: ViewRow): Promise<void> {
  const note = await vscode.window.showInputBox({ title: `What blocks ${label}?`, ignoreFocusOut: true });
  if (note?.trim()) {
    await connection.request('cairn/task/change', { action: 'block', id: ref, note });
  }
}
