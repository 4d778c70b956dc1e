import { embeddableText } from '../embeddable-text.ts';
import type { Embedder, EmbedOptions } from '../embedder.ts';
import { batchesOf } from './batches.ts';
import { inParallel } from './in-parallel.ts';
import { requestEmbeddings } from './request-embeddings.ts';
import { endpointOf, type Endpoint, type OpenAiSettings } from './settings.ts';
import { withRetries } from './with-retries.ts';

/**
 * An embedder behind an endpoint that speaks the OpenAI protocol: `POST {baseUrl}/embeddings`.
 *
 * Texts travel in batches, some at a time; vectors come back as the endpoint gives them, checked for count, order,
 * dimension and value. A text is seen up to `limits.textCharacters`. Busy and failing endpoints are asked again within
 * `limits.attempts`. Redirects are not followed.
 *
 * @throws VltairError `invalid_argument/embedder` for settings that cannot be used. From `embed`: `unavailable/embedder`,
 *   `timeout/call`, `fatal/embedder`, `payload_too_large/response`, `invalid_argument/empty_text`; the signal's reason
 */
export function openAiEmbedder(settings: OpenAiSettings): Embedder {
  const endpoint = endpointOf(settings);
  const { model, dimension, generation = 1 } = settings;
  return {
    id: `openai:${model}-${generation}/${dimension}`,
    dimension,
    embed: (texts, options) => embedBatches(endpoint, texts, options),
  };
}

async function embedBatches(
  endpoint: Endpoint,
  texts: readonly string[],
  { signal }: EmbedOptions = {},
): Promise<readonly Float32Array[]> {
  const { textCharacters, batchTexts, batchCharacters, concurrency } = endpoint.limits;
  signal?.throwIfAborted();
  const seen = texts.map((text) => embeddableText(text, textCharacters));
  const batches = batchesOf(seen, batchTexts, batchCharacters);
  const vectors = await inParallel(
    batches,
    concurrency,
    (batch, stop) => withRetries(endpoint, stop, () => requestEmbeddings(endpoint, batch, stop)),
    signal,
  );
  return vectors.flat();
}
