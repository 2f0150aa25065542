namespace AdapterServe.Engine.Guided;

/// <summary>In which language it is said what an answer must look like.</summary>
public enum GuideKind
{
    /// <summary>A regular expression that the whole answer matches.</summary>
    Regex,

    /// <summary>A JSON schema, as JSON text.</summary>
    JsonSchema,

    /// <summary>Rules in EBNF.</summary>
    Grammar,

    /// <summary>A JSON list of texts, one of which the answer is.</summary>
    Choice,

    /// <summary>Calls of functions whose arguments are documents of their schemas, as JSON text: see <see cref="Grammars.CallsGrammar"/>.</summary>
    Calls,
}
