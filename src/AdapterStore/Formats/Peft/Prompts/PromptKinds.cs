using System.Collections.Immutable;
using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Formats.Peft.Prompts;

/// <summary>
/// Embeddings before the prompt. PEFT saves what its encoder (P-tuning's MLP or LSTM, CPT's bounded deltas) makes of its parameters,
/// never the encoder.
/// <b>Shapes</b>: prompt_embeddings [P, hidden]. <b>Source</b>: PEFT's file format; arXiv:2104.08691, arXiv:2103.10385, arXiv:2410.17222.
/// </summary>
internal sealed class SoftPrompt(string peftType, params string[] options) : IPeftPromptKind
{
    public string PeftType => peftType;

    public string Forms => "soft_prompt";

    public string Note => "what the encoder made of its parameters is in the file";

    public ImmutableArray<string> Options => [.. options];

    public VirtualTokenTensors Read(PeftPrompt prompt)
    {
        prompt.RequireOption("token_dim", prompt.Hidden);
        var rows = prompt.Tensor("prompt_embeddings", prompt.Count, prompt.Hidden);
        return new VirtualTokenTensors(VirtualTokenKind.SoftPrompt, prompt.Count, prompt.Hidden, [rows], values => values.Read(rows));
    }
}

/// <summary>
/// Keys and values of every layer, which PEFT puts into the model's cache. With a projection the file holds its output.
/// <b>Shapes</b>: prompt_embeddings [P, layers · 2 · kv size]. <b>Source</b>: PEFT's file format; arXiv:2101.00190, arXiv:2506.06266.
/// </summary>
internal sealed class PrefixKind(string peftType, params string[] options) : IPeftPromptKind
{
    public string PeftType => peftType;

    public string Forms => "prefix";

    public ImmutableArray<string> Options => [.. options];

    public VirtualTokenTensors Read(PeftPrompt prompt)
    {
        prompt.RequireOption("num_layers", prompt.Kv.Layers);
        prompt.RequireOption("token_dim", prompt.Kv.Width);
        var rows = prompt.Tensor("prompt_embeddings", prompt.Count, prompt.Kv.TokenWidth);
        return new VirtualTokenTensors(VirtualTokenKind.Prefix, prompt.Count, prompt.Kv.TokenWidth, [rows], values => values.Read(rows));
    }
}
