import * as vscode from 'vscode';
import type { Folders } from './folders';
import type { ViewName } from './protocol';
import { setContext, Tree } from './tree';

/** The views, by what they show. */
export type Views = Readonly<Record<ViewName, Tree>>;

/** What the menus, keys and badges of all of them hang on is worked out here; the rows are the host's. */
export function makeViews(folders: Folders, log: vscode.LogOutputChannel): Views {
  const tree = (name: ViewName): Tree => new Tree(name, folders, log);
  const views = { approvals: tree('approvals'), tasks: tree('tasks'), runs: tree('runs'), checkpoints: tree('checkpoints'), memory: tree('memory') };
  folders.onDidChange(() => {
    const standings = folders.all.flatMap(({ standing }) => standing ?? []);
    const waiting = standings.filter(({ urgent }) => urgent);
    const value = waiting.reduce((sum, { approvals }) => sum + approvals, 0);
    views.approvals.view.badge = value > 0 ? { value, tooltip: waiting.map(({ badge }) => badge).join(', ') } : undefined;
    setContext('cairn.waiting', value > 0);
    setContext('cairn.active', standings.some(({ active }) => active));
    setContext('cairn.resumable', standings.some(({ resumable }) => resumable));
    setContext('cairn.hasRuns', standings.some(({ runs }) => runs > 0));
  });
  views.runs.view.onDidChangeSelection(({ selection: [node] }) => {
    if (node?.row.session) {
      node.folder.chosen = node.row.session;
      views.checkpoints.look();
    }
  });
  return views;
}
