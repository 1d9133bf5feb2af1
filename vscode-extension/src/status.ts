import * as vscode from 'vscode';
import type { Folders } from './folders';
import type { Standing } from './protocol';

/** The status bar item: how things stand, as the host says it, and on a click what matters now. */
export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('cairn.status', vscode.StatusBarAlignment.Left, 10);
  private readonly listeners: readonly vscode.Disposable[];

  constructor(private readonly folders: Folders) {
    this.item.name = 'Cairn';
    this.listeners = [folders.onDidConnect(() => this.show()), folders.onDidChange(() => this.show())];
    this.show();
    this.item.show();
  }

  dispose(): void {
    [this.item, ...this.listeners].forEach((part) => part.dispose());
  }

  private show(): void {
    const { all } = this.folders;
    const [first] = all.flatMap(({ standing }) => standing ?? []).toSorted(byWeight);
    if (all.some(({ connection }) => connection.lost)) {
      const why = 'The server was lost; what runs goes on without this window. Click to connect again.';
      this.look('debug-disconnect', 'no connection', why, 'cairn.restartServer', true);
    } else if (first) {
      const command = first.action === 'answerApproval' ? 'cairn.approvals.focus' : `cairn.${first.action}`;
      this.look(first.icon, first.label, first.tooltip, command, first.urgent);
    } else {
      this.look('milestone', '', 'Cairn: click to give it a task.', 'cairn.runTask', false);
    }
  }

  /** The tooltip as text, a paragraph each line: goals and models come from outside, and are no Markdown. */
  private look(icon: string, words: string, details: string, command: string, urgent: boolean): void {
    const label = words ? `Cairn: ${words}` : 'Cairn';
    const backgroundColor = urgent ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    const tooltip = new vscode.MarkdownString();
    details.split('\n').forEach((line) => tooltip.appendText(line).appendMarkdown('\n\n'));
    Object.assign(this.item, { text: `$(${icon}) ${label}`, accessibilityInformation: { label }, tooltip, command, backgroundColor });
  }
}

/** Where somebody is waited for comes first, then what works, then the newest. */
function byWeight(one: Standing, other: Standing): number {
  return Number(other.urgent) - Number(one.urgent) || Number(other.active) - Number(one.active) || other.updated - one.updated;
}
