namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// What a reader says of a kind: a row of the table in docs/adapters.md, which a test holds to these.
/// </summary>
/// <param name="Kind">As in the descriptor; of a refused one its own name.</param>
/// <param name="Files">Whose files, and how they are known.</param>
/// <param name="Forms">Every form that it may be lowered to, by the descriptor's names; empty where it is refused.</param>
/// <param name="Status">What becomes of the files.</param>
/// <param name="Note">What they need; of a refused one the reason and its code.</param>
internal sealed record AdapterKind(string Kind, string Files, string Forms, KindStatus Status, string Note)
{
    public static AdapterKind Exact(string kind, string files, string forms, string note = "") => new(kind, files, forms, KindStatus.Exact, note);

    public static AdapterKind Refused(string kind, string files, string code, string reason) => new(kind, files, string.Empty, KindStatus.Refused, $"{reason} (`{code}`)");

    /// <summary>A <c>peft_type</c>, with an option where it takes one.</summary>
    public static string Peft(string type, string? option = null) => option is null ? $"PEFT `{type}`" : $"PEFT `{type}`, `{option}`";
}
