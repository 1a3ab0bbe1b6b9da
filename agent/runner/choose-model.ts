import { anthropicModel, type AnthropicOptions } from './anthropic.ts';
import type { Model } from './model.ts';
import { offlinePlanner } from './offline/planner.ts';

export type ModelChoice =
  | { readonly kind: 'anthropic'; readonly name: string; readonly baseUrl?: string | undefined }
  | { readonly kind: 'offline' };

/** The model the owner chose at the desk. */
export function chooseModel(choice: ModelChoice, around: Pick<AnthropicOptions, 'apiKey' | 'wait'>): Model {
  switch (choice.kind) {
    case 'anthropic':
      return anthropicModel({ model: choice.name, baseUrl: choice.baseUrl, ...around });
    case 'offline':
      return offlinePlanner;
  }
}
