using System.Text;

namespace AdapterServe.AdapterStore.Tests.Fuzz;

/// <summary>Random damage to a file: of its bytes, and of the words and numbers in its text, where most formats keep their headers.</summary>
internal static class Damage
{
    private const int HeaderBytes = 2048;
    private static readonly byte[] Telling = [.. "(){}[]\":,.NQRabcehjqrstuXJKMG"u8, 0x80, 0x85, 0x86, 0x87, 0x88, 0x8A, 0x8B, 0x93, 0x94, 0x00, 0x01, 0x7F, 0xFF];

    private static readonly byte[][] Words =
    [
        .. ((string[])
        [
            "0", "-1", "1", "2", "3", "7", "255", "65536", "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "1e308", "1e999", "-0.0",
            "0.5", "null", "true", "false", "\"\"", "[]", "{}", "[[[[[[[[[[[[]]]]]]]]]]]]", "\"F32\"", "\"F64\"", "\"I64\"", "\"U8\"", "\"BOOL\"", "\"LORA\"", "\"all-linear\"", "\".*\"", "\"(a+)+$\"",
        ]).Select(Encoding.ASCII.GetBytes),
    ];

    /// <summary>One to four changes.</summary>
    public static byte[] Of(byte[] sound, FuzzCorpus corpus, Random random)
    {
        var file = sound;
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            file = random.Next(3) == 0 ? ReplaceWord(file, random) : ChangeBytes(file, corpus, random);
        }

        return file;
    }

    /// <summary>A number or quoted word of the text becomes another.</summary>
    private static byte[] ReplaceWord(byte[] file, Random random)
    {
        var start = Place(file.Length, random);
        while (start < file.Length && !IsNumber(file[start]) && file[start] != '"')
        {
            start++;
        }

        if (start == file.Length)
        {
            return file;
        }

        var end = start + 1;
        if (file[start] == '"')
        {
            while (end < file.Length && file[end] != '"')
            {
                end++;
            }

            end = Math.Min(end + 1, file.Length);
        }
        else
        {
            while (end < file.Length && IsNumber(file[end]))
            {
                end++;
            }
        }

        var word = Words[random.Next(Words.Length)];
        return random.Next(4) == 0 && word.Length <= end - start
            ? [.. file[..start], .. word, .. Enumerable.Repeat((byte)' ', end - start - word.Length), .. file[end..]]
            : [.. file[..start], .. word, .. file[end..]];
    }

    private static byte[] ChangeBytes(byte[] sound, FuzzCorpus corpus, Random random)
    {
        if (sound.Length < 2)
        {
            return [.. sound, Telling[random.Next(Telling.Length)]];
        }

        var file = sound.ToArray();
        var at = Place(file.Length, random);
        var length = Math.Min(random.Next(1, 9), file.Length - at);
        switch (random.Next(8))
        {
            case 0:
                file[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                file[at] = Telling[random.Next(Telling.Length)];
                break;
            case 2:
                random.NextBytes(file.AsSpan(at, length));
                break;
            case 3:
                return random.Next(4) == 0 ? file[..at] : file;
            case 4:
                return [.. file[..at], .. file[Math.Min(file.Length, at + random.Next(1, 20))..]];
            case 5:
                var other = corpus.AnyFile(random);
                var from = Place(other.Length, random);
                other.AsSpan(from, Math.Min(Math.Min(random.Next(1, 60), other.Length - from), file.Length - at)).CopyTo(file.AsSpan(at));
                break;
            case 6:
                return [.. file[..at], .. file.AsSpan(at, Math.Min(random.Next(1, 60), file.Length - at)), .. file[at..]];
            default:
                file.AsSpan(at, length).Fill((byte)(random.Next(2) * 0xFF));
                break;
        }

        return file;
    }

    private static bool IsNumber(byte value) => value is >= (byte)'0' and <= (byte)'9' or (byte)'-' or (byte)'.';

    /// <summary>Mostly near the start or the end, where what is read first lies.</summary>
    private static int Place(int length, Random random)
    {
        var near = random.Next(Math.Max(1, Math.Min(length, HeaderBytes)));
        return random.Next(6) switch { 0 => random.Next(Math.Max(1, length)), 1 => Math.Max(0, length - 1 - near), _ => near };
    }
}
