namespace AdapterServe.Engine.Tokenization.PostProcessors;

/// <summary>Puts a text's own special tokens around its ids. Immutable, thread safe.</summary>
internal interface IPostProcessor
{
    List<int> Process(List<int> ids);
}
