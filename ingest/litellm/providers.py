"""Who bills what a gateway passed on: LiteLLM's names of providers as the service providers of bills.

Source: litellm 1.110, `LlmProviders` in litellm/types/utils.py.
"""

SERVICE_PROVIDERS = {
    "openai": "OpenAI",
    "text-completion-openai": "OpenAI",
    "anthropic": "Anthropic",
    "anthropic_text": "Anthropic",
    "bedrock": "AWS",
    "bedrock_converse": "AWS",
    "sagemaker": "AWS",
    "sagemaker_chat": "AWS",
    "sagemaker_nova": "AWS",
    "azure": "Microsoft",
    "azure_text": "Microsoft",
    "azure_ai": "Microsoft",
    "vertex_ai": "Google Cloud",
    "vertex_ai_beta": "Google Cloud",
    "gemini": "Google Cloud",
    "mistral": "Mistral AI",
    "codestral": "Mistral AI",
    "cohere": "Cohere",
    "cohere_chat": "Cohere",
    "groq": "Groq",
    "together_ai": "Together AI",
    "fireworks_ai": "Fireworks AI",
    "deepseek": "DeepSeek",
    "openrouter": "OpenRouter",
    "xai": "xAI",
    "perplexity": "Perplexity",
    "databricks": "Databricks",
    "oci": "Oracle",
}
