"""How providers say that a conversation no longer fits the model's context: no two say it alike."""

import re

PATTERNS: tuple[tuple[str, str], ...] = (
    # what they say, and who says it so
    (r"context_length_exceeded", "OpenAI, Azure, Groq, Cerebras: the error's code"),
    (r"exceeds the context window", "OpenAI, newer models"),
    (r"maximum context length", "OpenAI, Azure, vLLM, DeepSeek, Mistral, OpenRouter, Together, Fireworks"),
    (r"reduce the length of (?:the|your) (?:messages|prompt|input)", "OpenAI, Groq, Cerebras"),
    (
        r"request too large for",
        "OpenAI and Groq: one request over the tokens of a minute; waiting is no help",
    ),
    (r"prompt is too long", "Anthropic and gateways to it, Fireworks"),
    (r"input length and `?max_tokens`? exceed", "Anthropic"),
    (r"input token count\D{0,20}\d* ?\)? exceeds|input token count is \d+ but", "Gemini, Vertex AI"),
    (r"exceed_context_size_error|exceeds? the available context size", "llama.cpp"),
    (r"context size has been exceeded", "llama.cpp, in mid-reply"),
    (r"prompt too long; exceeded|input length exceeds (?:the )?(?:maximum )?context length", "Ollama"),
    (r"greater than the context length|n_keep\W+\d+\W+n_ctx", "LM Studio"),
    (r"context length of only \d+|reached context length of", "LM Studio, other versions"),
    (r"longer than the (?:maximum model|model's context) length", "vLLM, SGLang"),
    (r"exceeds the model's (?:maximum )?context length", "SGLang"),
    (r"inputs`? tokens \+ `?max_new_tokens`? must be", "Together, Hugging Face TGI"),
    (r"maximum prompt length is \d+", "xAI"),
    (r"input is too long for|number of input tokens exceeds|input tokens exceeded", "Bedrock"),
    (r"too large for model with \d+", "Mistral"),
    (r"exceeded model token limit", "Kimi"),
    (r"range of input length should be", "Qwen (DashScope)"),
    (r"prompt exceeds max length", "Zhipu GLM"),
    (r"context window exceeds limit", "MiniMax"),
    (r"number of tokens in the prompt cannot exceed", "Cohere"),
    (r"model_max_prompt_tokens_exceeded|tokens_limit_reached", "GitHub Models and Copilot: the error's code"),
)

_ANY = re.compile("|".join(pattern for pattern, _ in PATTERNS), re.IGNORECASE)


def says_window_full(said: str) -> bool:
    """Whether these words of a provider (not an echo of the conversation) mean a full window."""
    return _ANY.search(said) is not None
