using System.Text;
using AdapterServe.Engine.Guided;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Guided;

/// <summary>The bytes of tokens are the texts that the families' tokenizers decode.</summary>
public sealed class GuideVocabularyTests
{
    public static TheoryData<string> Folders => [.. Directory.GetDirectories(RepositoryFiles.Data("tokenizers")).Where(folder => File.Exists(Path.Combine(folder, "tokenizer.json"))).Select(folder => Path.GetFileName(folder))];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Joined_bytes_are_the_decoded_text(string name)
    {
        var tokenizer = Tokenizer.Load(RepositoryFiles.Data("tokenizers", name));
        var vocabulary = GuideVocabulary.Of(tokenizer);
        var random = new Random(3);
        int[] usable = [.. Enumerable.Range(0, vocabulary.Size).Where(id => vocabulary.BytesOf(id, true).Length > 0 && vocabulary.BytesOf(id, false).Length > 0)];
        Assert.True(usable.Length > 100);
        for (var i = 0; i < 500; i++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => usable[random.Next(usable.Length)])];
            byte[] bytes = [.. ids.SelectMany((id, place) => vocabulary.BytesOf(id, place == 0).ToArray())];
            if (System.Text.Unicode.Utf8.IsValid(bytes))
            {
                Assert.Equal(Encoding.UTF8.GetString(bytes), tokenizer.Decode(ids, skipSpecialTokens: true));
            }
        }

        Assert.All(Enumerable.Range(0, vocabulary.Size).Where(tokenizer.IsSpecial), id => Assert.Empty(vocabulary.BytesOf(id, false).ToArray()));
    }
}
