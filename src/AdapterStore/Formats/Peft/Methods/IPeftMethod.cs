using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// One PEFT method whose delta is known at load: what its configuration and file hold, and which form that is. Stateless; <see cref="PeftMethodReader"/> does
/// what all methods share.
/// </summary>
internal interface IPeftMethod
{
    /// <summary>The value of <c>peft_type</c>.</summary>
    string Type { get; }

    /// <summary>The option that sets it apart from others of the type, where there is one.</summary>
    string? Option => null;

    /// <summary>What clients see.</summary>
    string Kind => Type.ToLowerInvariant();

    /// <summary>Every form that it may be lowered to, by the descriptor's names; for the documentation.</summary>
    string Forms => string.Empty;

    /// <summary>What its files need, for the documentation.</summary>
    string Note => string.Empty;

    /// <summary>Configuration keys of this method; those of every PEFT configuration are not repeated.</summary>
    ImmutableArray<string> Options { get; }

    /// <summary>What stands behind a module's path in the names of its tensors.</summary>
    ImmutableArray<string> Parts { get; }

    /// <summary>Tensors of the whole adapter, <c>base_model.{name}</c> or a list <c>base_model.{name}.{key}</c>.</summary>
    ImmutableArray<string> Shared => [];

    bool Recognises(ConfigValues config) => config.Text("peft_type") == Type;

    /// <summary><b>Errors</b>: Unservable for options that change what is computed in a way that is not served.</summary>
    void RequireServable(ConfigValues config, BaseModel baseModel) => PeftOptions.RequireServable(config, Options);

    /// <summary>The tasks that the file holds, see <see cref="FileTasks"/>; <see cref="PeftAdapter.Task"/> is the one to be read. Empty for methods without tasks.</summary>
    ImmutableArray<string> TasksOf(ConfigValues config) => [];

    /// <summary>Reads the options once; the function is asked for each adapted module in the base's order and answers null where the adapter does nothing.</summary>
    Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter);
}
