//! tests: a Stack Exchange dump of our own.
use std::path::{Path, PathBuf};

/// A community small enough to read, with every oddity dumps are known for.
pub fn small_dump(parent: &Path) -> PathBuf {
    let dir = parent.join("small.example.org-2026");
    std::fs::create_dir_all(&dir).unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).unwrap();
    write(
        "Users.xml",
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<users>\r\n\
         <row Id=\"-1\" DisplayName=\"Community\" CreationDate=\"2010-01-01T00:00:00.000\" />\r\n\
         \t<row\n\tCreationDate='2010-01-02T00:00:00.000'   DisplayName='Ann &amp; Co' Id = '1' Surprise=\"x\"></row>\n\
         <row Id=\"2\" DisplayName=\"Bruno\" CreationDate=\"2010-01-03T00:00:00\" AboutMe=\"&lt;p&gt;Hi&lt;script&gt;x&lt;/script&gt;&lt;/p&gt;\" EmailHash=\"0\" />\
         <row Id=\"3\" DisplayName=\"bruno\" CreationDate=\"2010-01-03T00:00:00\" />\
         <row Id=\"4\" DisplayName=\"\u{202e}&#10;\" CreationDate=\"2010-01-03T00:00:00\" />\
         <row Id=\"5\" CreationDate=\"yesterday\" DisplayName=\"Late\" />\
         <row DisplayName=\"Nobody\" CreationDate=\"2010-01-03T00:00:00\" />\
         <row Id=\"2\" DisplayName=\"Again\" CreationDate=\"2010-01-03T00:00:00\" />\
         <row Id=\"six\" DisplayName=\"Six\" CreationDate=\"2010-01-03T00:00:00\" />\
         </users>",
    );
    write(
        "Tags.xml",
        "<tags><row Id=\"1\" TagName=\"c++\" Count=\"2\" ExcerptPostId=\"30\" WikiPostId=\"31\" />\
         <row Id=\"2\" TagName=\"unused\" Count=\"0\" /><row Id=\"3\" /></tags>",
    );
    // Answer 9 stands before its question, as after a merge.
    write(
        "Posts.xml",
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><posts>\
         <row Id=\"9\" PostTypeId=\"2\" ParentId=\"10\" CreationDate=\"2011-01-02T00:00:00\" Body=\"&lt;p&gt;Early&lt;/p&gt;\" OwnerUserId=\"2\" />\
         <row Id=\"10\" PostTypeId=\"1\" AcceptedAnswerId=\"11\" CreationDate=\"2011-01-01T00:00:00\" LastActivityDate=\"2011-03-01T00:00:00\" ViewCount=\"77\" Title=\"How &lt;do&gt; I&#xA; start?\" Tags=\"&lt;c++&gt;&lt;C#&gt;\" Body=\"&lt;p onclick='x'&gt;One&lt;/p&gt;&#xD;&#xA;&lt;script&gt;x&lt;/script&gt;\" OwnerUserId=\"1\" LastEditorUserId=\"2\" LastEditDate=\"2011-02-01T00:00:00\" ClosedDate=\"2012-01-01T00:00:00\" />\
         <row Id=\"11\" PostTypeId=\"2\" ParentId=\"10\" CreationDate=\"2011-03-01T00:00:00\" Body=\"Two\" OwnerDisplayName=\"Gone Person\" LastEditDate=\"2011-03-02T00:00:00\" LastEditorDisplayName=\"Old Editor\" ContentLicense=\"CC BY-SA 4.0\" />\
         <row Id=\"12\" PostTypeId=\"2\" ParentId=\"999\" CreationDate=\"2011-03-01T00:00:00\" Body=\"Lost\" OwnerUserId=\"1\" />\
         <row Id=\"13\" PostTypeId=\"1\" CreationDate=\"2014-01-01T00:00:00\" Title=\"Second\" Tags=\"|c++|new|\" Body=\"Three\" OwnerUserId=\"-1\" AcceptedAnswerId=\"9\" />\
         <row Id=\"14\" PostTypeId=\"1\" CreationDate=\"2020-01-01T00:00:00\" Title=\"Third\" Body=\"Four\" OwnerUserId=\"4444\" AcceptedAnswerId=\"4711\" ViewCount=\"\" />\
         <row Id=\"14\" PostTypeId=\"1\" CreationDate=\"2020-01-01T00:00:00\" Title=\"Third again\" Body=\"x\" />\
         <row Id=\"15\" PostTypeId=\"1\" CreationDate=\"2020-01-01T00:00:00\" Title=\"Bad\" Body=\"x\" ViewCount=\"many\" />\
         <row Id=\"16\" PostTypeId=\"1\" CreationDate=\"2020-01-01T00:00:00\" Title=\"Entity\" Body=\"&nosuch; &#0;end\" />\
         <row Id=\"17\" CreationDate=\"2020-01-01T00:00:00\" Body=\"x\" />\
         <row PostTypeId=\"2\" ParentId=\"10\" Body=\"x\" />\
         <row Id=\"30\" PostTypeId=\"4\" Body=\"About C++\" CreationDate=\"2020-01-01T00:00:00\" />\
         <row Id=\"31\" PostTypeId=\"5\" Body=\"&lt;p&gt;More&lt;/p&gt;\" CreationDate=\"2020-01-01T00:00:00\" />\
         <row Id=\"32\" PostTypeId=\"5\" Body=\"\" CreationDate=\"2020-01-01T00:00:00\" />\
         <row Id=\"33\" PostTypeId=\"4\" Body=\"Nobody's\" CreationDate=\"2020-01-01T00:00:00\" />\
         <row Id=\"34\" PostTypeId=\"7\" Body=\"x\" CreationDate=\"2020-01-01T00:00:00\" />\
         <row Id=\"35\" PostTypeId=\"99999\" Body=\"x\" CreationDate=\"2020-01-01T00:00:00\" />\
         </posts>",
    );
    write(
        "PostHistory.xml",
        "<posthistory>\
         <row Id=\"1\" PostHistoryTypeId=\"2\" PostId=\"10\" RevisionGUID=\"a\" CreationDate=\"2011-01-01T00:00:00\" UserId=\"1\" Text=\"One *md*\" />\
         <row Id=\"2\" PostHistoryTypeId=\"1\" PostId=\"10\" RevisionGUID=\"a\" CreationDate=\"2011-01-01T00:00:00\" UserId=\"1\" Text=\"First title\" />\
         <row Id=\"3\" PostHistoryTypeId=\"2\" PostId=\"9\" RevisionGUID=\"b\" CreationDate=\"2011-01-02T00:00:00\" UserId=\"2\" Text=\"Early\" />\
         <row Id=\"4\" PostHistoryTypeId=\"3\" PostId=\"10\" RevisionGUID=\"a\" CreationDate=\"2011-01-01T00:00:00\" UserId=\"1\" Text=\"&lt;c++&gt;\" />\
         <row Id=\"5\" PostHistoryTypeId=\"5\" PostId=\"10\" RevisionGUID=\"c\" CreationDate=\"2011-02-01T00:00:00\" UserDisplayName=\"Ex\" Text=\"One&#xD;&#xA;**md**\" Comment=\"bold\" />\
         <row Id=\"6\" PostHistoryTypeId=\"24\" PostId=\"10\" RevisionGUID=\"c\" CreationDate=\"2011-02-01T00:00:00\" />\
         <row Id=\"7\" PostHistoryTypeId=\"4\" PostId=\"10\" RevisionGUID=\"c\" CreationDate=\"2011-02-01T00:00:00\" Text=\"New title\" />\
         <row Id=\"8\" PostHistoryTypeId=\"8\" PostId=\"10\" RevisionGUID=\"d\" CreationDate=\"2011-02-02T00:00:00\" UserId=\"2\" Text=\"One *md*\" />\
         <row Id=\"9\" PostHistoryTypeId=\"5\" PostId=\"777\" RevisionGUID=\"e\" CreationDate=\"2011-02-02T00:00:00\" Text=\"x\" />\
         <row Id=\"10\" PostHistoryTypeId=\"5\" PostId=\"10\" RevisionGUID=\"f\" CreationDate=\"2011-02-02T00:00:00\" />\
         <row Id=\"5\" PostHistoryTypeId=\"5\" PostId=\"10\" RevisionGUID=\"c\" CreationDate=\"2011-02-01T00:00:00\" UserDisplayName=\"Ex\" Text=\"One&#xD;&#xA;**md**\" Comment=\"bold\" />\
         <row Id=\"11\" PostHistoryTypeId=\"4\" PostId=\"13\" RevisionGUID=\"g\" CreationDate=\"2014-02-02T00:00:00\" Text=\"Second\" />\
         </posthistory>",
    );
    write(
        "Comments.xml",
        "<comments><row Id=\"1\" PostId=\"10\" Score=\"3\" Text=\"&lt;b&gt; is &quot;bold&quot;&#0;\" CreationDate=\"2011-01-01T01:00:00\" UserId=\"2\" />\
         <row Id=\"2\" PostId=\"11\" Text=\"Thanks\" CreationDate=\"2011-04-01T01:00:00\" UserDisplayName=\"Ex\" />\
         <row Id=\"2\" PostId=\"11\" Text=\"Thanks\" CreationDate=\"2011-04-01T01:00:00\" UserDisplayName=\"Ex\" />\
         <row Id=\"3\" PostId=\"30\" Text=\"On a wiki\" CreationDate=\"2011-04-01T01:00:00\" UserId=\"1\" />\
         <row Id=\"4\" PostId=\"10\" Text=\"By the site\" CreationDate=\"2011-04-01T01:00:00\" UserId=\"-1\" /></comments>"
            .replace("&#0;", "").as_str(),
    );
    write(
        "Votes.xml",
        "<votes><row Id=\"1\" PostId=\"10\" VoteTypeId=\"2\" CreationDate=\"2011-01-01T00:00:00.000\" />\
         <row Id=\"2\" PostId=\"10\" VoteTypeId=\"2\" CreationDate=\"2011-01-02T00:00:00.000\" />\
         <row Id=\"3\" PostId=\"10\" VoteTypeId=\"3\" CreationDate=\"2011-01-03T00:00:00.000\" />\
         <row Id=\"4\" PostId=\"11\" VoteTypeId=\"1\" CreationDate=\"2011-03-05T00:00:00.000\" />\
         <row Id=\"5\" PostId=\"11\" VoteTypeId=\"3\" CreationDate=\"2011-03-05T00:00:00.000\" />\
         <row Id=\"6\" PostId=\"12\" VoteTypeId=\"2\" CreationDate=\"2011-03-05T00:00:00.000\" />\
         <row Id=\"7\" PostId=\"9\" VoteTypeId=\"1\" CreationDate=\"2011-03-05T00:00:00.000\" />\
         <row Id=\"8\" PostId=\"10\" VoteTypeId=\"5\" UserId=\"1\" CreationDate=\"2011-03-05T00:00:00.000\" />\
         <row Id=\"9\" PostId=\"10\" VoteTypeId=\"8\" BountyAmount=\"50\" CreationDate=\"2011-03-05T00:00:00.000\" />\
         <row Id=\"10\" PostId=\"10\" VoteTypeId=\"2\" CreationDate=\"2011-13-05T00:00:00.000\" />\
         <row Id=\"11\" PostId=\"99999999999999999999\" VoteTypeId=\"2\" CreationDate=\"2011-03-05T00:00:00.000\" />\
         <row Id=\"2\" PostId=\"10\" VoteTypeId=\"2\" CreationDate=\"2011-01-02T00:00:00.000\" /></votes>",
    );
    write(
        "PostLinks.xml",
        "<postlinks><row Id=\"1\" CreationDate=\"2020-02-01T00:00:00\" PostId=\"13\" RelatedPostId=\"10\" LinkTypeId=\"3\" />\
         <row Id=\"2\" CreationDate=\"2020-02-02T00:00:00\" PostId=\"13\" RelatedPostId=\"14\" LinkTypeId=\"3\" />\
         <row Id=\"3\" CreationDate=\"2020-02-03T00:00:00\" PostId=\"10\" RelatedPostId=\"13\" LinkTypeId=\"3\" />\
         <row Id=\"4\" CreationDate=\"2020-02-03T00:00:00\" PostId=\"14\" RelatedPostId=\"14\" LinkTypeId=\"3\" />\
         <row Id=\"5\" CreationDate=\"2020-02-03T00:00:00\" PostId=\"14\" RelatedPostId=\"777\" LinkTypeId=\"3\" />\
         <row Id=\"6\" CreationDate=\"2020-02-03T00:00:00\" PostId=\"14\" RelatedPostId=\"10\" LinkTypeId=\"1\" />\
         <row Id=\"1\" CreationDate=\"2020-02-01T00:00:00\" PostId=\"13\" RelatedPostId=\"10\" LinkTypeId=\"3\" /></postlinks>",
    );
    write(
        "Badges.xml",
        "<badges><row Id=\"1\" UserId=\"1\" Name=\"Teacher\" Date=\"2011-01-01T00:00:00\" /></badges>",
    );
    dir
}

/// What dumps of 2009 to 2026 have had beside what they should: values that are none, rows that come twice
/// or out of their order, attributes that are missing, posts that are gone. Rows are cut apart by tests, so
/// every attribute stands in double quotes.
pub fn strange_dump(parent: &Path) -> PathBuf {
    let dir = parent.join("strange.example.org");
    std::fs::create_dir_all(&dir).unwrap();
    let write = |name: &str, rows: &[&str]| {
        let rows: String = rows.iter().map(|row| format!("  <row {row} />\r\n")).collect();
        let text = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<list>\r\n{rows}</list>");
        std::fs::write(dir.join(name), text).unwrap();
    };
    write(
        "Users.xml",
        &[
            r#"Id="-1" DisplayName="Community" CreationDate="2009-01-01T00:00:00""#,
            r#"Id="-7" DisplayName="Feeds" CreationDate="2009-01-01T00:00:00""#,
            r#"Id="1" DisplayName="" CreationDate="2009-01-01T00:00:00.1" Age="33" EmailHash="x""#,
            r#"Id="2" CreationDate="2009-01-01""#,
            r#"Id="3" DisplayName="😀👩‍🔧" CreationDate="2009-01-01T00:00:00.123" AccountId="5""#,
            r#"Id="4" DisplayName="Ann" CreationDate="2009-01-01T00:00:00.123" AboutMe="&lt;b&gt;&#x1B;&lt;/b&gt;""#,
            r#"Id="4" DisplayName="Ann" CreationDate="2009-01-01T00:00:00.123""#,
        ],
    );
    let long = format!(
        r#"Id="6" PostTypeId="1" CreationDate="2012-01-01T00:00:00.000" Title="{}" Body="x" OwnerUserId="-9""#,
        "long ".repeat(80).replace(' ', "&#x20;x")
    );
    write(
        "Posts.xml",
        &[
            // Each value that a question can do without is none.
            r#"Id="1" PostTypeId="1" AcceptedAnswerId="none" CreationDate="2009-04-30T07:06:33" Score="high" ViewCount="1e3" Title="Strange" Body="x" OwnerUserId="?" OwnerDisplayName="Somebody" LastEditorUserId="ann" LastEditDate="then" LastActivityDate="0000-00-00" AnswerCount="x" CommentCount="x" FavoriteCount="x""#,
            r#"Id="2" PostTypeId="2" ParentId="1" CreationDate="2009-04-30T07:06:33" Score="" Body="x" OwnerUserId="4""#,
            r#"Id="3" PostTypeId="1" CreationDate="2009-04-30T07:06:33.77" Title="Fraction" Tags="|a.b|my_tag|_|" Body="x" OwnerUserId="3" AcceptedAnswerId="8" ContentLicense="Terms of its own""#,
            r#"Id="4" PostTypeId="1" CreationDate="2009-05-01" Title="A day" Tags="two words" Body="x" OwnerUserId="-1" AcceptedAnswerId="2""#,
            r#"Id="5" PostTypeId="1" CreationDate="2010-05-01T00:00:00Z" Title="Nobody's" Tags="" Body="x""#,
            &long,
            r#"Id="7" PostTypeId="1" CreationDate="2024-05-01T00:00:00.000" Title="😀 🧑🏽 𝕏" Tags="&lt;c#&gt;&lt;.net&gt;" Body="&lt;p&gt;bell&#x7;:&#x0; end&#x1B;&#x85;&lt;/p&gt;" OwnerUserId="2" ClosedDate="2024-06-01T00:00:00.000" CommunityOwnedDate="2024-06-01T00:00:00.000""#,
            r#"Id="20" PostTypeId="2" ParentId="1" CreationDate="2009-04-30T07:06:33" Body="x" OwnerUserId="4.5""#,
            r#"Id="8" PostTypeId="2" ParentId="3" CreationDate="2009-06-01T00:00:00" Body="x""#,
            r#"Id="9" PostTypeId="2" ParentId="99" CreationDate="2009-06-01T00:00:00" Body="x""#,
            r#"Id="10" PostTypeId="2" ParentId="2" CreationDate="2009-06-01T00:00:00" Body="x""#,
            r#"Id="11" PostTypeId="2" ParentId="7" CreationDate="2009-06-01T00:00:00" Body="" OwnerUserId="-7""#,
            r#"Id="12" PostTypeId="3" CreationDate="2009-06-01T00:00:00" Body="x""#,
            r#"Id="13" PostTypeId="6" CreationDate="2009-06-01T00:00:00" Body="x""#,
            r#"Id="14" PostTypeId="8" CreationDate="2009-06-01T00:00:00" Body="x""#,
            r#"Id="15" PostTypeId="17" CreationDate="2009-06-01T00:00:00" Body="x""#,
            r#"Id="16" PostTypeId="2" ParentId="1" CreationDate="2009-06-01T00:00:00" Body="x" LastEditDate="2009-06-02T00:00:00" LastEditorDisplayName="Ex""#,
            r#"Id="3" PostTypeId="1" CreationDate="2009-04-30T07:06:33.77" Title="Fraction" Body="x""#,
            r#"Id="8" PostTypeId="2" ParentId="3" CreationDate="2009-06-01T00:00:00" Body="x""#,
        ],
    );
    write(
        "PostHistory.xml",
        &[
            r#"Id="1" PostHistoryTypeId="2" PostId="7" CreationDate="2024-05-01T00:00:00.000" UserId="2" Text="first""#,
            r#"Id="2" PostHistoryTypeId="1" PostId="7" CreationDate="2024-05-01T00:00:00.000" UserId="2" Text="😀 🧑🏽 𝕏""#,
            r#"Id="3" PostHistoryTypeId="5" PostId="7" CreationDate="2024-05-02T00:00:00.000" UserId="who" Text="bell&#x7;: end""#,
            r#"Id="4" PostHistoryTypeId="10" PostId="7" CreationDate="2024-05-02T00:00:00.000" Text="{}""#,
        ],
    );
    write(
        "Comments.xml",
        &[
            r#"Id="9" PostId="1" Score="0" Text="No user at all" CreationDate="2009-04-30T07:06:33""#,
            r#"Id="3" PostId="1" Score="x" Text="A user that is no number" CreationDate="2009-04-30T07:06:33.1" UserId="x""#,
            r#"Id="4" PostId="2" Text="😀 𝕏&#x1;" CreationDate="2009-04-30T07:06:33" UserId="77""#,
            r#"Id="5" PostId="9" Text="On what is gone" CreationDate="2009-04-30T07:06:33" UserId="4""#,
            r#"Id="6" PostId="8" Text="" CreationDate="2009-04-30T07:06:33" UserId="4""#,
            r#"Id="9" PostId="1" Score="0" Text="No user at all" CreationDate="2009-04-30T07:06:33""#,
            r#"Id="10" PostId="7" Text="Under another licence" CreationDate="2024-05-03T00:00:00.000" UserId="4" ContentLicense="CC BY-SA 4.0""#,
        ],
    );
    write(
        "Votes.xml",
        &[
            r#"Id="5" PostId="1" VoteTypeId="2" CreationDate="2009-04-30T00:00:00.000""#,
            r#"Id="2" PostId="2" VoteTypeId="2" CreationDate="2009-04-30" UserId="3""#,
            r#"Id="3" PostId="2" VoteTypeId="3" CreationDate="2009-04-30T00:00:00""#,
            r#"Id="2" PostId="2" VoteTypeId="2" CreationDate="2009-04-30""#,
            r#"Id="5" PostId="1" VoteTypeId="2" CreationDate="2009-04-30T00:00:00.000""#,
            r#"Id="6" PostId="8" VoteTypeId="2" CreationDate="2009-04-30T00:00:00.000""#,
            r#"Id="7" PostId="16" VoteTypeId="2" CreationDate="2009-04-30T00:00:00.000""#,
            r#"Id="8" PostId="9" VoteTypeId="2" CreationDate="2009-04-30T00:00:00.000""#,
            r#"Id="9" PostId="12" VoteTypeId="3" CreationDate="2009-04-30T00:00:00.000""#,
            r#"Id="10" PostId="8" VoteTypeId="1" CreationDate="2009-06-02T00:00:00.000""#,
            r#"Id="11" PostId="1" VoteTypeId="5" UserId="4" CreationDate="2009-06-02T00:00:00.000""#,
            r#"Id="12" PostId="1" VoteTypeId="21" CreationDate="2023-06-02T00:00:00.000""#,
        ],
    );
    write(
        "PostLinks.xml",
        &[
            r#"Id="4" CreationDate="2010-06-01T00:00:00.123" PostId="3" RelatedPostId="1" LinkTypeId="3""#,
            r#"Id="1" CreationDate="2010-06-01T00:00:00" PostId="3" RelatedPostId="7" LinkTypeId="3""#,
            r#"Id="2" CreationDate="2010-06-01T00:00:00" PostId="4" RelatedPostId="99" LinkTypeId="3""#,
            r#"Id="3" CreationDate="2010-06-01T00:00:00" PostId="5" RelatedPostId="8" LinkTypeId="3""#,
            r#"Id="5" CreationDate="2010-06-01T00:00:00" PostId="5" RelatedPostId="1" LinkTypeId="1""#,
            r#"Id="4" CreationDate="2010-06-01T00:00:00.123" PostId="3" RelatedPostId="1" LinkTypeId="3""#,
            r#"Id="6" CreationDate="2010-06-01T00:00:00" PostId="6" RelatedPostId="1" LinkTypeId="3""#,
        ],
    );
    dir
}
