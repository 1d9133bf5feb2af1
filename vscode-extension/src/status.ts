import * as vscode from 'vscode';
import type { Approvals } from './approvals';
import type { Connection } from './client';
import type { SessionInfo, State } from './protocol';
import type { Sessions } from './sessions';

const ICONS: Record<State, string> = {
  running: '$(loading~spin)',
  waiting: '$(bell-dot)',
  done: '$(check)',
  failed: '$(error)',
  budget: '$(circle-slash)',
  interrupted: '$(debug-pause)',
};

interface Look {
  readonly icon: string;
  readonly label: string;
  readonly tooltip: string | vscode.MarkdownString;
  readonly command: string;
  readonly urgent: boolean;
}

const DISCONNECTED: Look = {
  icon: '$(debug-disconnect)',
  label: 'Cairn: no connection',
  tooltip: 'The server was lost; what runs goes on without this window. Click to connect again.',
  command: 'cairn.restartServer',
  urgent: true,
};

/** The status bar item: how the run stands, and on a click what matters now. */
export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('cairn.status', vscode.StatusBarAlignment.Left, 10);
  private readonly disposables: vscode.Disposable[];
  private lost = false;

  constructor(
    connection: Connection,
    private readonly sessions: Sessions,
    private readonly approvals: Approvals,
  ) {
    this.item.name = 'Cairn';
    this.disposables = [
      this.item,
      connection.onDidChange((connected) => {
        this.lost = !connected;
        this.show();
      }),
      sessions.onDidChange(() => this.show()),
      approvals.onDidChange(() => this.show()),
    ];
    this.show();
    this.item.show();
  }

  dispose(): void {
    this.disposables.forEach((disposable) => disposable.dispose());
  }

  private show(): void {
    const look = this.lost ? DISCONNECTED : this.look();
    this.item.text = `${look.icon} ${look.label}`;
    this.item.accessibilityInformation = { label: look.label };
    this.item.tooltip = look.tooltip;
    this.item.backgroundColor = look.urgent ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.item.command = look.command;
  }

  private look(): Look {
    const session = this.sessions.current;
    const waiting = this.approvals.pending.length;
    const state = waiting ? approvalsWait(waiting) : session?.state;
    const words = [state, ...(session ? inFigures(session) : [])].filter(Boolean).join(' · ');
    return {
      icon: waiting ? ICONS.waiting : session ? ICONS[session.state] : '$(milestone)',
      label: words ? `Cairn: ${words}` : 'Cairn',
      tooltip: session ? details(session) : 'Cairn: no run yet. Click to give it a task.',
      command: waiting ? 'cairn.answerApproval' : session ? 'cairn.openRun' : 'cairn.runTask',
      urgent: waiting > 0,
    };
  }
}

function approvalsWait(count: number): string {
  return count === 1 ? '1 approval waits' : `${count} approvals wait`;
}

/** "step 3", "12%", "$0.02": the step, how full the window is, what it cost. */
function inFigures({ steps, fill, window, cost }: SessionInfo): string[] {
  return [
    `step ${steps}`,
    ...(window > 0 ? [`${Math.round((100 * fill) / window)}%`] : []),
    ...(cost > 0 ? [`$${cost.toFixed(cost < 0.1 ? 3 : 2)}`] : []),
  ];
}

/** The goal and the model's name come from outside: as text, never as Markdown. */
function details(session: SessionInfo): vscode.MarkdownString {
  const { goal, reason, model, usage, fill, window } = session;
  const tooltip = new vscode.MarkdownString().appendText(goal.slice(0, 300));
  for (const line of [
    reason,
    model && `Model: ${model}`,
    window > 0 && `Window: ${fill.toLocaleString()} of ${window.toLocaleString()} tokens`,
    `Tokens: ${usage.prompt.toLocaleString()} in (${usage.cached.toLocaleString()} from cache), ${usage.completion.toLocaleString()} out`,
  ]) {
    if (line) {
      tooltip.appendMarkdown('\n\n').appendText(line);
    }
  }
  return tooltip;
}
