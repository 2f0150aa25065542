using AdapterServe.AdapterServer.Errors;

namespace AdapterServe.AdapterServer.KServe;

/// <summary>A tensor of a request, its values in row-major order.</summary>
/// <param name="Name">One of <see cref="TensorNames"/>.</param>
/// <param name="Datatype">KServe's word.</param>
/// <param name="Shape">As the client wrote it.</param>
/// <param name="Texts">Values of BYTES.</param>
/// <param name="Numbers">Values of any other datatype that is taken; 0 and 1 of BOOL.</param>
internal sealed record InputTensor(string Name, string Datatype, IReadOnlyList<long> Shape, IReadOnlyList<string>? Texts, IReadOnlyList<long>? Numbers)
{
    /// <summary><b>Errors</b>: 400 where the shape is not that of the values.</summary>
    public InputTensor Checked()
    {
        var count = (long)(Texts?.Count ?? Numbers!.Count);
        var size = 1L;
        foreach (var dimension in Shape)
        {
            size = dimension >= 0 && dimension <= int.MaxValue && size <= int.MaxValue ? size * dimension : -1;
        }

        return Shape.Count > 0 && size == count
            ? this
            : throw ApiException.Invalid(Name, $"The tensor '{Name}' has {count} values, which is not what its shape [{string.Join(',', Shape.Take(8))}] says.");
    }

    /// <summary><b>Errors</b>: 400 for another datatype.</summary>
    public IReadOnlyList<string> RequireTexts() => Texts ?? throw WrongType("BYTES");

    public IReadOnlyList<long> RequireNumbers(params string[] datatypes) => datatypes.Contains(Datatype, StringComparer.Ordinal) ? Numbers! : throw WrongType(string.Join(" or ", datatypes));

    private ApiException WrongType(string expected) => ApiException.WrongType(Name, $"a tensor of {expected}");
}
