using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Peft.Prompts;

/// <summary>
/// One PEFT kind that puts virtual tokens before the sequence. Stateless; <see cref="PeftPromptReader"/> does what all of them share.
/// </summary>
internal interface IPeftPromptKind
{
    /// <summary>The value of <c>peft_type</c>.</summary>
    string PeftType { get; }

    /// <summary>What clients see.</summary>
    string Kind => PeftType.ToLowerInvariant();

    /// <summary>The form that it is lowered to, by the descriptor's name; for the documentation.</summary>
    string Forms => string.Empty;

    /// <summary>What its files need, for the documentation.</summary>
    string Note => string.Empty;

    /// <summary>Configuration keys of this kind without effect on inference, or read by it; those of every prompt kind are not repeated.</summary>
    ImmutableArray<string> Options { get; }

    /// <summary>The tensors of the file, all of which are needed.</summary>
    ImmutableArray<string> Tensors => ["prompt_embeddings"];

    /// <summary>The tasks that the file holds, of which <see cref="PeftPrompt.Task"/> is the one to be read. Empty for kinds without tasks.</summary>
    ImmutableArray<string> TasksOf(ConfigValues config) => [];

    /// <summary><b>Errors</b>: Unservable where the file does not fit the configuration or the base.</summary>
    VirtualTokenTensors Read(PeftPrompt prompt);
}
