using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.ChatTemplates;
using AdapterServe.Engine.Tokenization;
using AdapterServe.Engine.Tokenization.AdapterTokens;

namespace AdapterServe.Engine.AdapterTexts;

/// <summary>
/// Reads tokenizer and chat template of adapters' folders. <b>Effects</b>: thread safe.
/// <b>Errors</b>: <see cref="AdapterStoreException"/> of kind Unservable, <c>tokenizer</c>, <c>chat_template</c>, <c>unreadable_files</c>; NotFound for a folder that is gone.
/// </summary>
public sealed class AdapterTextReader(Tokenizer baseTokenizer, string modelFolder, int vocabularySize) : IAdapterText
{
    private readonly AdapterTokenizerReader _tokenizers = new(baseTokenizer, modelFolder);

    public void RequireServable(string folder, int addedTokens) => Read(folder, addedTokens);

    public AdapterText Read(string folder, int addedTokens)
    {
        try
        {
            var tokenizer = _tokenizers.Read(folder, vocabularySize + addedTokens);
            var special = (tokenizer ?? baseTokenizer).Special;
            var template = ChatTemplate.Load(folder, special);

            // A folder that is being deleted looks like one without these files.
            return Directory.Exists(folder)
                ? new AdapterText(tokenizer, template, [.. special.EosIds.Except(baseTokenizer.Special.EosIds)])
                : throw new AdapterStoreException(AdapterErrorKind.NotFound, "adapter_not_found", "The adapter's files are no longer stored.");
        }
        catch (TokenizerException e)
        {
            throw Unservable("tokenizer", e.Message, e);
        }
        catch (ChatTemplateException e)
        {
            throw Unservable("chat_template", $"The adapter's chat template can't be served: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unservable("unreadable_files", "The adapter's tokenizer files can't be read from the disk; upload the adapter again.", e);
        }
    }

    private static AdapterStoreException Unservable(string code, string message, Exception inner) => new(AdapterErrorKind.Unservable, code, message, inner);
}
