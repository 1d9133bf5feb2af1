import * as vscode from 'vscode';
import { showSince } from './changes';
import type { Folder } from './folders';
import { showPage } from './pages';
import type { Rewound, ViewRow } from './protocol';
import type { RunDocuments } from './runDocument';
import type { Command } from './tree';
import type { Views } from './views';

const WAYS = [
  { title: 'Rewind', files: true, conversation: true },
  { title: 'Only Files', files: true, conversation: false },
  { title: 'Only Conversation', files: false, conversation: true },
];

/** The commands on checkpoints, and on the session whose checkpoints are shown. */
export function commands({ checkpoints, runs }: Views, documents: RunDocuments): Record<string, Command> {
  const on = (title: string, action: (folder: Folder, row: ViewRow) => Promise<void>): Command => checkpoints.command(/checkpoint/, title, action);
  return {
    'cairn.openCheckpoint': on('Open which checkpoint?', (folder, { session, ref, label }) =>
      showPage('checkpoint', `${label}.md`, folder, session, ref.slice(1)),
    ),
    'cairn.previewWindow': on('Preview the window of which checkpoint?', (folder, { session, ref, at }) =>
      showPage('window', `Window after checkpoint ${ref}.md`, folder, session, `${at}`),
    ),
    'cairn.compareCheckpoint': on('Compare which checkpoint with now?', (folder, { session, ref }) => showSince(folder, session, ref)),
    'cairn.rewind': on('Rewind to which checkpoint?', (folder, { session, ref }) => rewind(folder, session, ref)),
    'cairn.forkCheckpoint': on('Go on from which checkpoint?', (folder, row) => fork(folder, documents, row, row.ref)),
    'cairn.undoRewind': runs.command(/run/, 'Put back what was taken back of which run?', (folder, { session }) => undo(folder, session)),
    'cairn.makeCheckpoint': runs.command(/active/, 'Make a checkpoint of which run?', async ({ connection }, { session }) => {
      await connection.request('cairn/session/checkpoint', { session });
    }),
    'cairn.chooseSession': runs.command(/run/, 'Show the checkpoints of which run?', async (folder, { session }) => {
      folder.chosen = session;
      checkpoints.look();
      await vscode.commands.executeCommand('cairn.checkpoints.focus');
    }),
  };
}

/** A session of its own goes on from there, with the same goal if no other is given; `at` is "" for the end. */
export async function fork(folder: Folder, documents: RunDocuments, { session }: ViewRow, at: string): Promise<void> {
  const prompt = await vscode.window.showInputBox({ title: 'What shall the fork do?', placeHolder: 'the same, when left empty', ignoreFocusOut: true });
  if (prompt !== undefined) {
    const started = await folder.connection.request('cairn/fork/start', { session, at, prompt });
    await documents.open(folder, started.session);
  }
}

/** Shows first what it would do; nothing is done before the user says how. */
async function rewind(folder: Folder, session: string, to: string): Promise<void> {
  const { connection } = folder;
  const preview = await connection.request('cairn/rewind/preview', { session, to });
  const ways = preview.overlaps.length > 0 ? WAYS.filter(({ files }) => !files) : WAYS;
  const way = await vscode.window.showWarningMessage(preview.title, { modal: true, detail: preview.detail }, ...ways);
  if (way) {
    const { files, conversation } = way;
    await told(folder, await connection.request('cairn/rewind/apply', { session, to, files, conversation }), 'Undo');
  }
}

async function undo(folder: Folder, session: string): Promise<void> {
  await told(folder, await folder.connection.request('cairn/rewind/undo', { session }));
}

async function told(folder: Folder, done: Rewound, ...buttons: readonly string[]): Promise<void> {
  if (!done.applied) {
    throw new Error(done.detail);
  }
  if (await vscode.window.showInformationMessage(done.title, ...buttons)) {
    await undo(folder, done.session);
  }
}
