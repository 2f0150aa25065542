namespace AdapterServe.Engine.Models.GenAi;

/// <param name="Path">The norm's module.</param>
/// <param name="Weight">f32 [H].</param>
/// <param name="Epsilon">What is added to the mean square.</param>
internal sealed record NormModule(string Path, OnnxTensor Weight, float Epsilon);
