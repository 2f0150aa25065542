namespace AdapterServe.AdapterServer.KServe;

/// <summary>The tensors that every model here takes and gives, by the names that Triton's text backends use.</summary>
internal static class TensorNames
{
    /// <summary>BYTES: prompts.</summary>
    public const string TextInput = "text_input";

    /// <summary>INT32 or INT64, in its place: one prompt [n] or several of one length [prompts, n].</summary>
    public const string InputIds = "input_ids";

    /// <summary>BOOL [1]: pieces, in a stream.</summary>
    public const string Stream = "stream";

    /// <summary>BYTES [1]: a JSON object of a completion's fields.</summary>
    public const string SamplingParameters = "sampling_parameters";

    /// <summary>BOOL [1]: false repeats the prompt in the text.</summary>
    public const string ExcludeInput = "exclude_input_in_output";

    /// <summary>BYTES: a text for each choice of each prompt.</summary>
    public const string TextOutput = "text_output";

    /// <summary>BYTES: how each ended; empty while it has not.</summary>
    public const string FinishReason = "finish_reason";

    /// <summary>INT64: the generated ids of all choices, one behind the other.</summary>
    public const string OutputIds = "output_ids";

    /// <summary>INT32: how many of them are each choice's.</summary>
    public const string OutputLengths = "output_lengths";

    public static IReadOnlyList<(string Name, string Datatype)> Inputs { get; } = [(TextInput, "BYTES")];

    public static IReadOnlyList<(string Name, string Datatype)> Outputs { get; } =
        [(TextOutput, "BYTES"), (FinishReason, "BYTES"), (OutputIds, "INT64"), (OutputLengths, "INT32")];
}
