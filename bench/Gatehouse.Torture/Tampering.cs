namespace Gatehouse.Torture;

/// <summary>What a bad disk or a bad hand does to a checkpoint while the handler is dead.</summary>
internal static class Tampering
{
    /// <returns>What was done; null when there is no checkpoint yet.</returns>
    public static string? Tamper(Dice dice, string stateDirectory)
    {
        var path = Path.Combine(stateDirectory, "checkpoint");
        if (!File.Exists(path))
            return null;
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        switch (dice.Below(3))
        {
            case 0:
                var length = dice.Below((int)file.Length + 1);
                var was = file.Length;
                file.SetLength(length);
                return $"checkpoint cut to {length} of {was} bytes";
            case 1:
                file.Seek(0, SeekOrigin.End);
                for (var i = dice.Between(1, 200); i > 0; i--)
                    file.WriteByte((byte)dice.Below(256));
                return "garbage behind the checkpoint";
            default:
                var at = dice.Below((int)file.Length);
                file.Seek(at, SeekOrigin.Begin);
                var old = file.ReadByte();
                file.Seek(at, SeekOrigin.Begin);
                file.WriteByte((byte)(old ^ (1 << dice.Below(8))));
                return $"a bit of byte {at} of the checkpoint flipped";
        }
    }
}
