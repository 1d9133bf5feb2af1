import * as vscode from 'vscode';
import { showPage } from './pages';
import { Node } from './tree';

const OFFERED = 'cairn.offered';
const REMEMBERED = 50;
const GOAL = 80;

/** Offers, once each, to go on with a session that was interrupted before the window was opened. */
export async function offerResume(newest: Node, memento: vscode.Memento): Promise<void> {
  const offered = memento.get<string[]>(OFFERED, []);
  const { session, label } = newest.row;
  if (offered.includes(session)) {
    return;
  }
  await memento.update(OFFERED, [...offered, session].slice(-REMEMBERED));
  const message = `A session was interrupted: ${label.slice(0, GOAL)}`;
  const choice = await vscode.window.showInformationMessage(message, 'Show what changed', 'Resume', 'Not now');
  if (choice === 'Show what changed') {
    await showDrift(newest);
  } else if (choice === 'Resume') {
    await vscode.commands.executeCommand('cairn.resume', newest);
  }
}

/** A page of what changed since a session came to rest; then whether it is to go on. */
export async function showDrift(run: Node): Promise<void> {
  await showPage('drift', `What changed ${run.row.session}.md`, run.folder, run.row.session);
  if ((await vscode.window.showInformationMessage('Shall the session go on?', 'Resume', 'Not now')) === 'Resume') {
    await vscode.commands.executeCommand('cairn.resume', run);
  }
}
