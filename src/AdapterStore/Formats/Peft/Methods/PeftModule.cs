using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>The tensors that the file has for one site.</summary>
internal sealed class PeftModule(Site site)
{
    private readonly Dictionary<string, SafetensorsTensor> _parts = new(StringComparer.Ordinal);

    public Site Site { get; } = site;

    public void Add(string part, SafetensorsTensor tensor) => _parts.Add(part, tensor);

    public bool Has(string part) => _parts.ContainsKey(part);

    public bool HasShape(string part, params ReadOnlySpan<long> shape) => Required(part).HasShape(shape);

    /// <summary><b>Errors</b>: Unservable <c>missing_tensors</c>, <c>dtype</c>, <c>shape_mismatch</c>. <b>Shapes</b>: -1 is any size.</summary>
    public SafetensorsTensor Part(string part, params ReadOnlySpan<long> shape) => TensorChecks.Float(Required(part), shape);

    /// <summary>A tensor of integers; errors as for <see cref="Part"/>.</summary>
    public SafetensorsTensor IndexPart(string part, params ReadOnlySpan<long> shape) => TensorChecks.Integer(Required(part), shape);

    /// <summary>A tensor of bytes; errors as for <see cref="Part"/>.</summary>
    public SafetensorsTensor BytePart(string part, params ReadOnlySpan<long> shape) => TensorChecks.Bytes(Required(part), shape);

    private SafetensorsTensor Required(string part) => _parts.GetValueOrDefault(part)
        ?? throw StoreErrors.Unservable("missing_tensors", $"The file has tensors of '{Site.Path}', but no {part} of it.");
}
