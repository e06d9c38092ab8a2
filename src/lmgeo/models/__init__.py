"""Language models and their tokenizers: the only home of transformers."""
