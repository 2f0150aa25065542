using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Composition.Merging;
using Microsoft.OpenApi;
using static AdapterServe.AdapterServer.Rest.Descriptions.Schemas;

namespace AdapterServe.AdapterServer.Rest.Descriptions;

/// <summary>What the parsers of legacy and chat completions read; a test holds the two together.</summary>
internal static class GenerationSchemas
{
    public static OpenApiSchema Completion() => Object(
        ["model", "prompt"],
        [
            ("prompt", AnyOf("Text, token ids, or a list of either.", Text(), List(Integer(min: 0)), List(Text(), most: RequestLimits.Prompts), List(List(Integer(min: 0)), most: RequestLimits.Prompts))),
            ("max_tokens", Integer("Most tokens to generate; 0 with echo scores the prompt. Without it 16.", 0)),
            ("logprobs", Integer("Log-probabilities of the tokens, with this many best ones each.", 0, RequestLimits.LogProbs)),
            ("echo", Flag("The prompt stands before the answer.")),
            ("add_special_tokens", Flag("A prompt of text gets the tokenizer's special tokens; true unless set.")),
            .. Shared(),
        ]);

    public static OpenApiSchema Chat() => Object(
        ["model", "messages"],
        [
            .. Messages(),
            ("max_tokens", Integer("Most tokens to generate; without it the rest of the context.", 1)),
            ("max_completion_tokens", Integer("The newer name of max_tokens.", 1)),
            ("logprobs", Flag("Log-probabilities of the tokens.")),
            ("top_logprobs", Integer("With logprobs: this many best tokens each.", 0, RequestLimits.LogProbs)),
            ("modalities", List(Text(), "May only be text.")),
            .. Shared(),
        ]);

    /// <summary>What a chat template is rendered with, for chat completions and /tokenize.</summary>
    public static (string Name, OpenApiSchema Schema)[] Messages() =>
    [
        ("messages", List(Message(), most: RequestLimits.Messages)),
        ("tools", List(Tool(), "Functions that the answer may call.", RequestLimits.Tools)),
        ("tool_choice", AnyOf(
            "auto, none to leave out the tools, required, or a function: then the answer is a call that its schema takes.",
            Text(),
            Map("type is function; function.name is the one to call."))),
        ("parallel_tool_calls", Flag("Where a call must come, several may; true unless set.")),
        ("add_generation_prompt", Flag("The prompt ends with the beginning of an answer; true unless set.")),
        ("continue_final_message", Flag("May only be false.")),
        ("chat_template_kwargs", Map("More variables for the chat template; chat_template names one of several.")),
        ("documents", List(Map("A document as the model's chat template takes it."))),
        ("add_special_tokens", Flag("The tokenizer adds its special tokens besides the template's; false unless set.")),
    ];

    private static OpenApiSchema Tool() => Object(
        ["type", "function"],
        ("type", Text("function")),
        ("function", Object(["name"], ("name", Text()), ("description", Text()), ("parameters", Map("A JSON schema of an object.")), ("strict", Flag("Changes nothing.")))));

    private static OpenApiSchema Message() => Object(
        ["role"],
        ("tool_calls", List(Map("An earlier call: function.name, function.arguments, id."))),
        ("tool_call_id", Text("Of a tool's message: the call that it answers.")),
        ("role", Text("system, developer, user, assistant, tool or function.")),
        ("content", AnyOf("Text, or parts of it.", Text(), List(Object(["type", "text"], ("type", Text("text")), ("text", Text()))))));

    /// <summary>Which adapters act together, and how.</summary>
    public static (string Name, OpenApiSchema Schema)[] Mixture() =>
    [
        ("adapters", List(AnyOf("An adapter; within a stack also a composition of others.", MixturePart(), MixtureBlock()), "Adapters that act together; model is the base then.", AdapterMixture.MaxParts)),
        ("combine", Text($"How: sum unless given; a composition: stack, average, fuse (with 'fusion'), split (with 'from_token'); or a merge: {string.Join(", ", MergeMethod.All.Select(method => method.Name))}.")),
        ("fusion", Text("With combine fuse: the adapter that holds the attention.")),
        ("density", Number("Of merges that prune: the share of values that is kept, above 0.", 0, 1)),
        ("svd_rank", Integer("Of merges that end in svd: the rank of the result; the greatest of the adapters' unless set.", 1, ushort.MaxValue)),
        ("majority_sign_method", Text("Of ties: total (by the sum of values) unless set, or frequency (by the number of signs).")),
        ("dare_seed", Integer("Of dare: decides which values are left out; 0 unless set.")),
    ];

    private static OpenApiSchema MixturePart() => Object(
        ["name"],
        ("name", Text("As in model.")),
        ("weight", Number("What its change of the base is multiplied by; 1 unless set.")),
        ("with_abs", Flag("With the matrices that it puts in place of the base's; true unless set.")),
        ("from_token", Integer("The first prompt token that it acts on, until adapters with a later one take over.", 0)));

    private static OpenApiSchema MixtureBlock() => Object(
        ["adapters", "combine"],
        ("adapters", List(MixturePart(), most: AdapterMixture.MaxParts)),
        ("combine", Text("average or fuse.")),
        ("fusion", Text("With fuse: the adapter that holds the attention.")));

    /// <summary>Who answers, and how tokens are drawn.</summary>
    public static IEnumerable<(string Name, OpenApiSchema Schema)> Sampling() =>
    [
        ("model", Text("The base, an adapter, adapter@version, adapter@alias or adapter@digest.")),
        .. Mixture(),
        ("temperature", Number("0 is greedy; 1 unless set.", 0)),
        ("top_p", Number("Above 0; 1 is off.", 0, 1)),
        ("top_k", Integer("0 and -1 are off.", -1)),
        ("min_p", Number("0 is off.", 0, 1)),
        ("presence_penalty", Number(min: RequestLimits.LowestPenalty, max: RequestLimits.HighestPenalty)),
        ("frequency_penalty", Number(min: RequestLimits.LowestPenalty, max: RequestLimits.HighestPenalty)),
        ("repetition_penalty", Number("Above 0; 1 is off.", 0)),
        ("logit_bias", Map("From token ids to what is added to their logits.", Number(min: RequestLimits.LowestBias, max: RequestLimits.HighestBias))),
        ("seed", Integer("Makes the answer repeatable.")),
    ];

    private static IEnumerable<(string Name, OpenApiSchema Schema)> Shared() =>
    [
        .. Sampling(),
        ("n", Integer("Choices for each prompt.", 1, RequestLimits.Choices)),
        ("best_of", Integer("Completions only: so many are made, and the n with the highest log-probability per token answered.", 1, RequestLimits.Choices)),
        ("stop", AnyOf("End the answer, and are left out.", Text(), List(Text(), most: RequestLimits.StopStrings))),
        ("stop_token_ids", List(Integer(min: 0), most: RequestLimits.StopTokenIds)),
        ("response_format", Map("type text, json_object, or json_schema with json_schema.schema: the answer is such a document.")),
        ("guided_json", Map("A JSON schema, also as text.")),
        ("guided_regex", Text("A regular expression that the whole answer matches.")),
        ("guided_grammar", Text("A grammar in EBNF with a rule root or start.")),
        ("guided_choice", List(Text(), "The answer is one of these.")),
        ("structured_outputs", Map("One of json, regex, grammar, choice and json_object, as above.")),
        ("min_tokens", Integer("Before these nothing ends the answer.", 0)),
        ("ignore_eos", Flag("The model's end ids do not end the answer.")),
        ("prompt_logprobs", Integer("The same for the prompt, in vLLM's form.", 0, RequestLimits.LogProbs)),
        ("priority", Integer("Among your own requests lower numbers go first, and may take the places of higher ones; 0 unless set.")),
        ("user", Text("Of an alias that means two versions every request of a user gets the same one.")),
        ("stream", Flag("Answer with server-sent events.")),
        ("stream_options", Object([], ("include_usage", Flag("The last event has the usage; the others have null.")))),
        ("return_token_ids", Flag("Choices have prompt_token_ids and token_ids.")),
        ("return_tokens_as_token_ids", Flag("Log-probabilities name tokens token_id:N.")),
        ("skip_special_tokens", Flag("Special tokens have no text; true unless set.")),
    ];
}
