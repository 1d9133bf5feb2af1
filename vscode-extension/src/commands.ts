import * as vscode from 'vscode';
import type { Approvals } from './approvals';
import type { Connection } from './client';
import type { SessionInfo } from './protocol';
import type { RunDocuments } from './runDocument';
import type { Sessions } from './sessions';

/** What the commands work on. */
export interface Parts {
  readonly connection: Connection;
  readonly sessions: Sessions;
  readonly approvals: Approvals;
  readonly documents: RunDocuments;
}

type Command = (parts: Parts) => Promise<void>;

/** Every command but `cairn.showLog`, which works without a folder too. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  'cairn.runTask': runTask,
  'cairn.stop': stop,
  'cairn.resume': resume,
  'cairn.openRun': openRun,
  'cairn.answerApproval': ({ approvals }) => approvals.choose(),
  'cairn.restartServer': ({ connection }) => connection.restart(),
};

async function runTask({ connection, documents }: Parts): Promise<void> {
  const prompt = await vscode.window.showInputBox({
    title: 'Cairn: Run Task',
    prompt: 'What shall Cairn do in this workspace?',
    placeHolder: 'Fix the failing tests in …',
    ignoreFocusOut: true,
  });
  if (prompt?.trim()) {
    const { session } = await connection.request('cairn/run/start', { prompt, root: connection.folder.uri.fsPath });
    await documents.open(session);
  }
}

async function stop({ connection, sessions }: Parts): Promise<void> {
  await connection.start();
  const session = await pick(sessions.active, 'Stop which run?', 'Cairn: nothing runs.');
  if (session) {
    const { interrupted } = await connection.request('cairn/run/interrupt', { session });
    if (!interrupted) {
      void vscode.window.showInformationMessage('Cairn: the run had come to rest already.');
    }
  }
}

async function resume({ connection, sessions, documents }: Parts): Promise<void> {
  await connection.start();
  const session = await pick(sessions.resumable, 'Resume which session?', 'Cairn: no session is left to resume.');
  if (session) {
    await connection.request('cairn/run/resume', { session });
    await documents.open(session);
  }
}

async function openRun({ connection, sessions, documents }: Parts): Promise<void> {
  await connection.start();
  const choices = sessions.active.length > 0 ? sessions.active : sessions.list().slice(0, 1);
  const session = await pick(choices, 'Open which run?', 'Cairn: there is no run yet.');
  if (session) {
    await documents.open(session);
  }
}

async function pick(choices: SessionInfo[], title: string, none: string): Promise<string | undefined> {
  if (choices.length < 2) {
    if (choices.length === 0) {
      void vscode.window.showInformationMessage(none);
    }
    return choices[0]?.session;
  }
  const items = choices.map(({ session, goal, state, steps }) => ({ label: goal, description: `${state} · step ${steps}`, session }));
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.session;
}
