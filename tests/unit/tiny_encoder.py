"""A BERT of a few thousand weights with a word-piece vocabulary, in a folder that transformers reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
INPUTS = ["input_ids", "token_type_ids", "attention_mask"]
POSITIONS = 32
WORDS = (
    "the a cat dog sat ran on mat park rome is in italy where what eats fish ##s ##es . ? , # france paris"
)


def save_tiny_encoder(folder: Path, *, pooling: str = "mean", max_length: int = 16) -> Path:
    """Write the encoder, its tokeniser and sentence-transformers' side files; the same weights each time."""
    from transformers import BertModel

    _save(BertModel, folder)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"pooling_mode_cls_token": pooling == "cls"})
    )
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": max_length}))
    return folder


def save_tiny_classifier(folder: Path, *, labels: int) -> Path:
    """Write a classifier of pairs with that many labels, and its tokeniser."""
    from transformers import BertForSequenceClassification

    return _save(BertForSequenceClassification, folder, num_labels=labels)


def save_tiny_token_classifier(folder: Path, *, positions: int = 128) -> Path:
    """Write a classifier of tokens with two labels, and its tokeniser; it reads that many tokens."""
    from transformers import BertForTokenClassification

    return _save(BertForTokenClassification, folder, positions=positions, num_labels=2)


def _save(network: Any, folder: Path, *, positions: int = POSITIONS, **options: Any) -> Path:
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, PreTrainedTokenizerFast
    from transformers.utils import logging

    vocabulary = {word: i for i, word in enumerate([*SPECIAL, *WORDS.split()])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=SPECIAL[1]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), SPECIAL, strict=True))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=positions, model_input_names=INPUTS, **names
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=positions,
        initializer_range=0.5,
        **options,
    )
    logging.disable_progress_bar()
    network(config).save_pretrained(folder)
    return folder
