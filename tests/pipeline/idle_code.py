"""Code that is in a key and does not run when one of everything is computed here, by the reason why it is there."""

IDLE = {
    "what is behind a Protocol or an abstract class runs in its place": {
        "talkgen.elements.base": "ElementModule.answer",
        "talkgen.figures.base": (
            "FigureModule.describe FigureModule.draw Inputs.model Inputs.run Inputs.sweep "
            "Inputs.sweep_models Inputs.table Inputs.votes "
        ),
        "talkgen.lm.models.base": "LanguageModel.forward LanguageModel.new_state",
        "talkgen.lm.models.reader": (
            "Readable.config Readable.reader Readable.shows_inside Reader.__call__ Reader.config Reader.device "
            "Reader.new_state Reader.read_many "
        ),
        "talkgen.lm.models.state": "State.bytes_a_token State.clone State.room State.select State.truncate",
        "talkgen.lm.text.tokenizer": "Tokenizer.decode Tokenizer.encode Tokenizer.pieces Tokenizer.to_json",
        "talkgen.lm.train.data": "Data.about Data.batch Data.held_out",
        "talkgen.render.blocks": (
            "BlockWriter.link BlockWriter.text BlockWriter.write_bullets BlockWriter.write_code "
            "BlockWriter.write_raw BlockWriter.write_undrawn "
        ),
        "talkgen.render.grammar": "Marks.write",
    },
    "runs for a deck that was imported for its own tool (`native`), and none such is written here": {
        "talkgen.export.marp": "_own_scripts",
        "talkgen.outline.addresses": "_is_within",
        "talkgen.outline.node": "Ordered.__eq__ Ordered._remember Ordered.given",
        "talkgen.render.blocks": "BlockWriter.within",
        "talkgen.outline.schema": "Outline._check_native Outline._without_ours _without_title",
        "talkgen.render.built_in": "_arrow _props built_in dragged numbers",
        "talkgen.render.components": "_files _is_folder _key find_components is_nowhere stand_in",
        "talkgen.render.expressions": (
            "_Parser.__init__ _Parser._both _Parser._either _Parser._expect _Parser._items _Parser._level "
            "_Parser._next _Parser._pair _Parser._primary _Parser._take _Parser._unary _Parser.choice "
            "_Parser.whole _are_numbers _literal _number beginnings bound evaluate shown "
        ),
        "talkgen.render.foreign": (
            "Foreign._as_it_stands Foreign._built_in Foreign._expression "
            "Foreign._cleaned Foreign._component Foreign._element Foreign._frame Foreign._kept Foreign._known "
            "Foreign._shown_at_a_click Foreign._slot Foreign._tag Foreign._vector Foreign.read _is_alone _is_block "
            "_with_breaks settings_lost settings_unknown "
        ),
        "talkgen.render.foreign_slides": "_directed _look _page _picture _rest _seen",
        "talkgen.render.foreign_styles": "_applied _rules for_marp for_slidev is_whole look without_imports",
        "talkgen.render.icons": "_emoji icon_sign is_icon",
        "talkgen.render.foreign_text": (
            "ForeignText._components ForeignText._listed ForeignText._note ForeignText._vector ForeignText.write_embed "
            "ForeignText.write_toc _beginnings _outdented "
        ),
        "talkgen.render.snippets": "_listing _mark _outside_code _part with_snippets",
        "talkgen.render.loops": "_bound _end _names written_out",
        "talkgen.render.foreign_notes": "_comments notes_within",
        "talkgen.render.mdc": "_Reader.__init__ _Reader._tags _Reader.read _attributes _component as_tags",
        "talkgen.render.places": "_columns arranged sign signs",
        "talkgen.render.utilities": (
            "_axis _color _declared _length _named _of_attribute _sides _sized _tracks declarations styled "
        ),
        "talkgen.render.vue": "_classes _state _style _with_styles passing without_vue",
        "talkgen.render.native": (
            "NativeWriter._heading NativeWriter.address NativeWriter.block NativeWriter.content NativeWriter.inline "
            "NativeWriter.list_items NativeWriter.outline_file NativeWriter.own NativeWriter.relink_settings "
            "NativeWriter.revealed NativeWriter.text NativeWriter.write NativeWriter.write_code "
            "NativeWriter.write_columns NativeWriter.write_html NativeWriter.write_markdown NativeWriter.write_math "
            "NativeWriter.write_mermaid NativeWriter.write_quote NativeWriter.write_table _key listing setting_lines "
        ),
        "talkgen.render.native_marp": (
            "NativeMarpWriter.content NativeMarpWriter.revealed NativeMarpWriter.write_image "
            "NativeMarpWriter.write_raw _allowed _as_texts _front_matter _is_apart _is_below _keywords _pages "
            "_notes_first _settings _theme _theme_names divider_levels render_native_marp "
        ),
        "talkgen.render.native_slidev": (
            "NativeSlidevWriter._ask NativeSlidevWriter.relink NativeSlidevWriter.revealed "
            "NativeSlidevWriter.write_bullets NativeSlidevWriter.write_code NativeSlidevWriter.write_columns "
            "NativeSlidevWriter.write_image NativeSlidevWriter.write_raw NativeSlidevWriter.write_toc "
            "_addon _addon_name _frontmatter _headmatter _named _package_json _page "
            "_project_files _said _slide_parts _stand_ins "
            "render_native_slidev "
        ),
    },
    "says what is wrong, and nothing is wrong here": {
        "talkgen.elements.registry": "_problem",
        "talkgen.errors": (
            "Place.__str__ Problem.__str__ TalkgenError.__init__ TalkgenError.__reduce__ TalkgenError.at "
            "_at_most did_you_mean nearest "
        ),
        "talkgen.extras": "missing_extra",
        "talkgen.figures.draw.room": "NoRoomError.__init__",
        "talkgen.lm.fast.native": "why_not",
        "talkgen.lm.files.gguf_file": "_name_of",
        "talkgen.lm.files.record": "not_finite",
        "talkgen.machine": "_file in_words",
        "talkgen.outline.bibliography": "_place_of",
        "talkgen.outline.expressions": "_problem",
        "talkgen.outline.files": "FileError.__init__",
        "talkgen.outline.formula": "Formula.names FormulaError.__init__ _keys",
        "talkgen.outline.source": "Source.place",
        "talkgen.pipeline.outputs": "ProgramError.__init__ _failure",
        "talkgen.render.blocks": "BlockWriter._write_failed",
        "talkgen.store.key": "Key.__str__",
        "talkgen.yamlfile.document": (
            "Document._known Document.place Document.place_in Document.problem Document.spot Document.value "
            "_Reader._alias _Reader._braces _RefusedError.__init__ _inked where_path "
        ),
        "talkgen.yamlfile.syntax": "_of_line _of_quote _of_space syntax_problem",
        "talkgen.yamlfile.validation": (
            "_aliased _annotation _bare _child _description _fields _hint _inside _is_tagged _locate "
            "_members _problem _problems _quoted _spelled _tagged _unnamed _walk _with by_place "
        ),
        "talkgen.yamlfile.words": "_choice _too_short _wanted explain name_of",
    },
    "runs when the package is imported: pydantic asks for it, or a constant is made with it": {
        "talkgen.lm.files.pullable": "Pullable.file _load_pullable",
        "talkgen.lm.text.lexicon": "_table french_words",
        "talkgen.outline.node": "_marks_in _own marks",
        "talkgen.yamlfile.unions": "NamedUnion.__get_pydantic_core_schema__ NamedUnion.members",
    },
    "checks a block when an outline is loaded, which is before anything is computed": {
        "talkgen.outline.blocks": (
            "Columns._check_around Columns._check_widths Html._fits Image._check_place Markdown._from_text "
            "TableRows._check_cells Video._check_part block_key "
        ),
        "talkgen.outline.nesting": "_Nesting.__init__ _Nesting.close _Nesting.open _tags misfits",
    },
    "makes or reads other texts than those that the runs here were trained on; which of them, a recipe says": {
        "talkgen.lm.text.mqar": "make_rows row_length",
        "talkgen.lm.text.tasks": (
            "Task.rows _balanced _bracket_unit _brackets_probe _brackets_row _copy_probe _copy_row "
            "_copy_unit _log_uniform _recall_probe _recall_row "
        ),
        "talkgen.lm.train.corpus": "_dataset_text _download_shakespeare _read_hub _read_shakespeare python_library",
        "talkgen.lm.train.data": (
            "PairsData.__init__ PairsData._draw_pairs PairsData.about PairsData.batch PairsData.held_out "
            "PairsData.rows PhraseData.__init__ PhraseData._rows PhraseData.about PhraseData.batch "
            "PhraseData.held_out TaskData.__init__ TaskData.about TaskData.batch TaskData.held_out "
        ),
        "talkgen.lm.train.vocabulary": "_train_bpe make_word_tokenizer",
    },
    "an element asks for it at another position of its dials": {
        "talkgen.elements.tokenizer": "cut_short",
    },
    "trains in another way than the tiny models here": {
        "talkgen.lm.train.distributed": "World.any",
        "talkgen.lm.train.optimize": "Muon.__init__ Muon._move Muon.step orthogonalise",
        "talkgen.lm.train.trainer": "Trainer._flops Trainer.tokens",
    },
    "draws what figures show of other models, at other steps, or in a column": {
        "talkgen.figures.attention_map": "_draw_down",
        "talkgen.figures.draw.lines": "write_key",
        "talkgen.figures.positional_encoding": "_draw_components _learned",
        "talkgen.figures.unrolled_rnn": "_draw_loop",
    },
    "another class's method of a name that is asked for": {
        "talkgen.lm.text.tokenizer": "ByteTokenizer.to_json CharacterTokenizer.to_json",
        "talkgen.lm.train.distributed": "World.wait",
        "talkgen.lm.train.recipe": "Recipe.digest",
        "talkgen.pipeline.inputs": "ProjectInputs.__init__",
    },
    "reads a run that another program trained; those here are ours": {
        "talkgen.lm.files.catalog": "_holds_model _model_of_run",
        "talkgen.lm.files.logs": "_read_events _read_table",
        "talkgen.lm.files.run": "Run._last_step Run.about Run.loss_at describe_weights",
        "talkgen.pipeline.sweeps": "_summary",
    },
    "reads or packs other kinds of GGUF files than the one here": {
        "talkgen.lm.files.gguf_file": "GGUFFile.__iter__ GGUFFile.read",
        "talkgen.lm.files.gguf_tokenizer": "_cut _replace _sentence_piece merges_of_scores",
        "talkgen.lm.files.packed": "with_least",
    },
    "fetches, finds or remembers files whose content the key holds": {
        "talkgen.digest": "_recall _remember",
        "talkgen.figures.measure.timing": "machine",
        "talkgen.files": "_exchange _remove",
        "talkgen.lm.files.catalog": "_about_gguf _holds_run list_runs model_names",
        "talkgen.lm.files.gguf_file": "GGUFFile.parameters",
        "talkgen.lm.files.huggingface": "fetch_snapshot",
        "talkgen.lm.files.pull": "need_pip",
    },
    "goes back in a text, or reads another branch of it, which the prompts here do not ask for": {
        "talkgen.lm.fast.cache": "_grown",
        "talkgen.lm.models.lstm": (
            "RecurrentLM._look_back RecurrentState.remember RecurrentState.select RecurrentState.truncate "
        ),
        "talkgen.lm.models.rnnsearch": (
            "Annotations.select SearchState._copy SearchState.clone SearchState.room SearchState.select "
            "SearchState.truncate SearchState.written "
        ),
        "talkgen.lm.models.translator": (
            "Memory.select TranslationState._copy TranslationState.bytes_a_token TranslationState.clone "
            "TranslationState.room TranslationState.select TranslationState.truncate "
        ),
    },
    "a folder of ours with another tokenizer, or special tokens": {
        "talkgen.lm.text.tokenizer": (
            "ByteTokenizer.__init__ ByteTokenizer.decode ByteTokenizer.encode ByteTokenizer.pieces "
        ),
    },
    "was done for the plan: an expression is parsed once in a process, an outline's texts are found once": {
        "talkgen.outline.formula": "Formula.__init__ _chains _check _parse read_formula",
        "talkgen.outline.source": "Source.texts",
    },
    "installs packages, exports through a browser or ends a program that hangs": {
        "talkgen.export.faults": "Fault.__str__ FaultyDeckError.__init__",
        "talkgen.export.node": "ProgramError.__init__ _has_room describe_end run_node run_npm",
        "talkgen.export.worker": "NodeWorker.close NodeWorker.start _Running.close _Running.failure _Running.tell",
        "talkgen.files": "_is_own_file _sync_file _sync_tree _take_place new_folder remove_unfinished",
        "talkgen.lock": "_read hold_lock",
    },
    "serves somebody who waits, in turn with others, or gives up; a build asks alone": {
        "talkgen.lm.answer.answering": "Answering.count Answering.files Answering.next_token",
        "talkgen.lm.answer.batch": "Batch._fail",
        "talkgen.lm.answer.beam": "Reads.__call__",
        "talkgen.lm.answer.prefix": "PrefixCache.shared",
        "talkgen.lm.answer.reading": "_Reading.gone_from",
        "talkgen.lm.answer.remote": (
            "RemoteEngine.files "
            "RemoteEngine.__init__ RemoteEngine._accepts RemoteEngine._ask RemoteEngine._complete RemoteEngine._cut "
            "RemoteEngine._find_cutter RemoteEngine._find_name RemoteEngine._piece RemoteEngine._probe "
            "RemoteEngine.count RemoteEngine.next_token _words can_be_typed "
        ),
    },
    "writes a block in a way that no block here needs": {
        "talkgen.export.inline": "_Inlined._import",
        "talkgen.outline.addresses": "Address.moved _blank _parser _spelled file_name",
        "talkgen.outline.filters": "_text default round_",
        "talkgen.outline.formula": "_check_power _choose _environment",
        "talkgen.render.addresses": "Addresses.sheet Addresses.slide_address _digest",
        "talkgen.render.blocks": "BlockWriter.write_callout BlockWriter.write_mermaid",
        "talkgen.render.grammar": "_beginning _entangled _html read_html",
        "talkgen.render.lines": "_as_text _ended",
        "talkgen.render.listings": "_language own_listing slidev_listing",
        "talkgen.render.marp": "MarpWriter._last_state MarpWriter.write_undrawn",
        "talkgen.render.media": "write_picture",
        "talkgen.render.own": "_inside _without_blank_end",
        "talkgen.render.prose": "_Writer._escaped _Writer._html _Writer._text _source",
        "talkgen.render.slidev": "SlidevWriter.write_undrawn",
    },
    "is for a theme of the tools' own, or for letters of other scripts, which nothing here has": {
        "talkgen.figures.draw.lettering": "_use_as",
        "talkgen.fonts": "_matplotlibs unpacked",
        "talkgen.outline.themes": "_found name_in _read marp_sheets theme_files theme_name",
        "talkgen.outline.wanted": "Wanted.is_local local_folder split_package",
        "talkgen.render.letters": "Letters.style",
        "talkgen.render.slidev": "_page_size",
        "talkgen.render.slidev_project": "_known in_project layout_settings named own_classes theme_fonts",
        "talkgen.render.themes": "marp_theme",
    },
}
