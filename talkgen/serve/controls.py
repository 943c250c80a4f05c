"""What the controls of a Gradio app are given: a value that one cannot hold is refused in words.

An app's own page sends none such. A program can, and Gradio would tell it nothing, and print where it stumbled.
"""

from __future__ import annotations

from typing import Any

import gradio


def refuse_in_words(blocks: gradio.Blocks) -> None:
    """Lets an app tell who sent it a value what is wrong with that, and nobody else."""
    read = blocks.preprocess_data

    async def read_or_refuse(*values: Any, **settings: Any) -> Any:
        try:
            return await read(*values, **settings)
        except gradio.Error as error:
            error.print_exception = False
            raise
        except Exception as error:
            message = "the values are not as many, or not of the kinds, that this takes"
            raise gradio.Error(message, print_exception=False) from error

    blocks.preprocess_data = read_or_refuse
