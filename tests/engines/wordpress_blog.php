<?php
/*
 * A blog in WordPress, made and written in by WordPress's own functions: `php wordpress_blog.php FOLDER fill`, later
 * `php wordpress_blog.php FOLDER later`. FOLDER is where WordPress stands. What comes of it is read from its database.
 */

[, $folder, $what] = $argv;
$_SERVER += ['HTTP_HOST' => parse_url(getenv('WORDPRESS_URL'), PHP_URL_HOST), 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => '/'];
if ($what === 'fill') {
    define('WP_INSTALLING', true);
}
require "$folder/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

const POSTS = 120;
const COMMENTS = 1100;
const SAID = [
    'Перевёл деньги из «Вестарны» в Дукатор: комиссия вдвое ниже, но приложение хуже.',
    'Support of Vestarna answered in a day. Not bad &amp; not great: 3 &lt; 5.',
    "А у меня <strong>всё работает</strong>, карту привезли за два дня.\n\nПравда, PIN пришлось менять в отделении.",
    'I left for Dukator last year — no "regrets". Здесь делать нечего.',
    "Кто-нибудь пробовал новый тариф?\nИли все ждут осени?",
];

/** Local time of the blog, three hours before UTC's clock. */
function moment(int $number): array
{
    $seconds = strtotime('2024-02-28 09:00:00 UTC') + $number * 7919;
    return [gmdate('Y-m-d H:i:s', $seconds + 3 * 3600), gmdate('Y-m-d H:i:s', $seconds)];
}

function add_post(int $number, int $author, string $text, array $more = []): int
{
    [$local, $utc] = moment($number * 9);
    $post = ['post_title' => $number % 2 ? "Тарифы «Вестарны» — часть $number" : "Fees & cards, part $number", 'post_content' => $text,
        'post_status' => 'publish', 'post_author' => $author, 'post_date' => $local, 'post_date_gmt' => $utc];
    $id = wp_insert_post(wp_slash($more + $post), true);
    if (is_wp_error($id)) {
        exit($id->get_error_message());
    }
    return $id;
}

function add_comment(int $number, int $post, string $text, ?WP_User $user, array $more = []): int
{
    [$local, $utc] = moment(POSTS * 9 + $number);
    $author = $user
        ? ['user_id' => $user->ID, 'comment_author' => $user->display_name, 'comment_author_email' => $user->user_email]
        : ['comment_author' => ['Борис', 'Guest O\'Neil', 'Анна & Ко'][$number % 3], 'comment_author_email' => "guest$number@blog.example"];
    return wp_insert_comment(wp_slash($more + $author + ['comment_post_ID' => $post, 'comment_content' => $text, 'comment_date' => $local,
        'comment_date_gmt' => $utc, 'comment_approved' => 1]));
}

function fill(): void
{
    wp_install('Блог о деньгах', 'editor', 'editor@blog.example', true, '', 'secret', 'ru_RU');
    wp_delete_post(1, true);
    update_option('permalink_structure', '/%postname%/');
    update_option('gmt_offset', 3);
    flush_rewrite_rules();
    mt_srand(5);
    $users = [get_user_by('id', 1)];
    foreach (['kira' => 'Кира Смирнова', 'oleg' => 'Oleg'] as $login => $name) {
        $id = wp_insert_user(['user_login' => $login, 'user_pass' => 'x', 'user_email' => "$login@blog.example", 'display_name' => $name, 'role' => 'author']);
        $users[] = get_user_by('id', $id);
    }
    wp_defer_comment_counting(true);
    $posts = [];
    for ($number = 0; $number < POSTS; $number++) {
        $quote = $number % 5 ? '' : "<blockquote><p>Тарифы не изменятся. q-$number</p></blockquote>\n";
        $posts[] = add_post($number, $users[$number % 3]->ID, $quote . SAID[$number % 5] . "\n\n<!-- wp:paragraph --><p>Часть № p-$number</p><!-- /wp:paragraph -->");
    }
    $above = [];
    for ($number = 0; $number < COMMENTS; $number++) {
        $post = $posts[intdiv(mt_rand(0, POSTS - 1) ** 2, POSTS)];
        $parent = $number % 3 && isset($above[$post]) ? $above[$post] : 0;
        $user = $number % 4 ? null : $users[mt_rand(0, 2)];
        $above[$post] = add_comment($number, $post, SAID[mt_rand(0, 4)] . " № c-$number", $user, ['comment_parent' => $parent]);
    }
    unseen($posts, $users[0]);
    wp_defer_comment_counting(false);
}

/** What nobody but its authors may see, and what no person wrote. */
function unseen(array $posts, WP_User $editor): void
{
    $locked = add_post(POSTS + 1, 1, 'За паролем.', ['post_password' => 'secret']);
    add_comment(1, $locked, 'Под паролем.', $editor);
    foreach (['draft', 'private', 'pending', 'trash'] as $number => $status) {
        $id = add_post(POSTS + 2 + $number, 1, "Не для всех: $status.", ['post_status' => $status]);
        add_comment(2 + $number, $id, "Тоже не для всех: $status.", $editor);
    }
    foreach ([0, 'spam', 'trash'] as $number => $approved) {
        add_comment(20 + $number, $posts[0], "Не одобрено: $approved.", null, ['comment_approved' => $approved]);
    }
    add_comment(30, $posts[0], 'Ссылка с другого сайта.', null, ['comment_type' => 'pingback']);
}

/** What happens between two runs: a new post, new comments, an edited post, a removed comment. */
function later(): void
{
    global $wpdb;
    $post = fn (int $part): int => (int) $wpdb->get_var("SELECT ID FROM $wpdb->posts WHERE post_status = 'publish' AND post_title LIKE '%part $part'");
    $new = add_post(POSTS + 60, 2, 'Вестарна подняла тарифы. № l-1');
    $first = add_comment(COMMENTS, $new, 'И давно пора. № l-2', get_user_by('id', 3));
    add_comment(COMMENTS + 1, $new, 'Не согласен. № l-3', null, ['comment_parent' => $first]);
    add_comment(COMMENTS + 2, $post(4), 'Прочёл только сейчас. № l-4', null);
    wp_update_post(['ID' => $post(90), 'post_content' => 'Исправлено: комиссию вернули. № l-5']);
    wp_delete_comment((int) $wpdb->get_var("SELECT comment_ID FROM $wpdb->comments WHERE comment_content LIKE '%c-1099'"), true);
}

['fill' => fill(...), 'later' => later(...)][$what]();
