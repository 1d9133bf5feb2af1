import * as vscode from 'vscode';
import type { Connection } from './client';
import type { Settings } from './protocol';

const SECRET = 'cairn.apiKey';

/** A key, and the address that it was given for: it goes nowhere else. */
interface Kept {
  readonly key: string;
  readonly address: string;
}

/** What this editor chooses for a run, above the host's own files: its settings, and the key in its SecretStorage. */
export class Choices {
  constructor(
    private readonly connection: Connection,
    /** Undefined: nothing is chosen here; the demo runs as it was recorded. */
    private readonly secrets: vscode.SecretStorage | undefined,
  ) {}

  /** What is set here and nothing else. The key goes to the host's memory, with the address it was given for. */
  async settings(): Promise<Settings> {
    if (!this.secrets) {
      return {};
    }
    const here = vscode.workspace.getConfiguration('cairn', this.connection.folder);
    const address = here.get<string>('model.baseUrl') ?? '';
    const kept = await this.kept();
    const told = kept && (await this.address(address)) === kept.address;
    return {
      model: here.get<string>('model.name') || null,
      base_url: address || (told ? kept.address : '') || null,
      api_key: told ? kept.key : null,
      max_steps: here.get<number | null>('run.maxSteps') ?? null,
      max_tokens: here.get<number | null>('run.maxTokens') ?? null,
      max_cost: here.get<number | null>('run.maxCost') ?? null,
      max_seconds: here.get<number | null>('run.maxSeconds') ?? null,
      unattended: here.get<'wait' | 'deny' | null>('approvals.unattended') ?? null,
      deny_after: here.get<number | null>('approvals.denyAfter') ?? null,
    };
  }

  get mode(): 'build' | 'plan' | 'propose' | null {
    return vscode.workspace.getConfiguration('cairn', this.connection.folder).get<'build' | 'plan' | 'propose' | null>('run.mode') ?? null;
  }

  async setKey(): Promise<void> {
    const here = vscode.workspace.getConfiguration('cairn', this.connection.folder);
    const address = await this.address(here.get<string>('model.baseUrl') ?? '');
    const key = await vscode.window.showInputBox({ title: 'Cairn: Set API Key', prompt: `The key for ${address}. It is sent nowhere else.`, password: true, ignoreFocusOut: true });
    if (key?.trim()) {
      await this.secrets?.store(SECRET, JSON.stringify({ key: key.trim(), address } satisfies Kept));
    }
  }

  async clearKey(): Promise<void> {
    await this.secrets?.delete(SECRET);
  }

  private async kept(): Promise<Kept | undefined> {
    const text = await this.secrets?.get(SECRET);
    const kept = text ? (JSON.parse(text) as Kept) : undefined;
    if (kept) {
      this.connection.secrets.add(kept.key);
    }
    return kept;
  }

  /** Where requests go: as set here, else as the host's own files say. */
  private async address(here: string): Promise<string> {
    return here || (await this.connection.request('cairn/host/status', {})).base_url || 'https://api.openai.com/v1';
  }
}
